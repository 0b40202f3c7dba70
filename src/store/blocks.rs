use std::io::{self, Read};

/// Bytes of one block, before it is extended to the end of its last line.
pub const BLOCK_BYTES: usize = 1 << 19;

/// The longest line that is taken for one: a file without line feeds must not fill the memory.
const LONGEST_LINE: usize = 64 << 20;

/// Reads a text in blocks of whole lines, so that blocks can be parsed independently of each other.
///
/// Every block but the last ends with a line feed; together they are the text, byte for byte.
pub struct Blocks<R> {
    reader: R,
    carry: Vec<u8>,
    /// Buffers that have been used and are free again: fresh memory costs a page fault every 4 KiB.
    spare: Vec<Vec<u8>>,
    block_bytes: usize,
    done: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of about [`BLOCK_BYTES`].
    pub fn new(reader: R) -> Self {
        Self::with_block_bytes(reader, BLOCK_BYTES)
    }

    /// Blocks of about `block_bytes`; a longer line makes a longer block.
    pub fn with_block_bytes(reader: R, block_bytes: usize) -> Self {
        Self { reader, carry: Vec::new(), spare: Vec::new(), block_bytes: block_bytes.max(1), done: false }
    }

    /// The next block, or `None` at the end.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next_block(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let mut block = self.spare.pop().unwrap_or_default();
        block.clear();
        block.reserve(self.block_bytes + self.carry.len());
        block.append(&mut self.carry);
        loop {
            let before = block.len();
            if before > LONGEST_LINE.max(self.block_bytes) {
                let problem = format!("a line is longer than {} MiB; is this a text file?", LONGEST_LINE >> 20);
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
            let read = (&mut self.reader).take(self.block_bytes as u64).read_to_end(&mut block)?;
            if read < self.block_bytes {
                self.done = true;
                return Ok(if block.is_empty() { None } else { Some(block) });
            }
            if let Some(end) = memchr::memrchr(b'\n', &block[before..]) {
                self.carry.extend_from_slice(&block[before + end + 1..]);
                block.truncate(before + end + 1);
                return Ok(Some(block));
            }
        }
    }

    /// Up to `count` blocks; none at the end.
    ///
    /// # Errors
    /// When reading fails.
    pub fn next_batch(&mut self, count: usize) -> io::Result<Vec<Vec<u8>>> {
        let mut batch = Vec::new();
        while batch.len() < count {
            match self.next_block()? {
                Some(block) => batch.push(block),
                None => break,
            }
        }
        Ok(batch)
    }

    /// Takes back blocks that are not needed any more, for the next ones.
    pub fn recycle(&mut self, blocks: Vec<Vec<u8>>) {
        self.spare.extend(blocks);
    }

    /// The reader behind the blocks, for what is left: the carried start of a line, then the rest.
    pub fn into_rest(self) -> (Vec<u8>, R) {
        (self.carry, self.reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_lines_and_together_the_text() {
        for text in ["", "\n", "a", "a\n", "ab\ncd\nef", "a long line without an end for quite a while\nb\n\n\nc\n"] {
            for size in [1, 2, 3, 7, 64] {
                let mut blocks = Blocks::with_block_bytes(text.as_bytes(), size);
                let all = blocks.next_batch(usize::MAX).unwrap();
                assert_eq!(all.concat(), text.as_bytes(), "{text:?} {size}");
                for block in all.iter().rev().skip(1) {
                    assert_eq!(block.last(), Some(&b'\n'), "{text:?} {size}");
                }
                assert!(all.iter().all(|block| !block.is_empty()));
            }
        }
    }
}
