use std::hash::BuildHasher;
use std::num::NonZeroU32;

use hashbrown::{DefaultHashBuilder, HashTable};
use rayon::prelude::*;

/// A channel of one [`Channels`] table. `Option<ChannelId>` is four bytes, so "no channel" costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(NonZeroU32);

impl ChannelId {
    /// Position in the table, from 0, in order of first appearance.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    fn from_index(index: usize) -> Self {
        let number = u32::try_from(index + 1).ok().and_then(NonZeroU32::new);
        Self(number.expect("a table of channels holds fewer than 2^32 names"))
    }
}

/// Interned channel names: each name is stored once, in one arena, in order of first appearance.
///
/// The hash only finds names again; nothing that is written or digested depends on its order.
#[derive(Clone, Default)]
pub struct Channels {
    arena: String,
    ends: Vec<usize>,
    table: HashTable<Entry>,
    hasher: DefaultHashBuilder,
}

/// An index into the arena. Half of the hash of its name stands beside it, so that the table grows and passes over other
/// names without looking at the arena, which is far away when there are millions of names.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    index: u32,
}

impl Entry {
    /// What the table places it by: the half of the hash, spread over all of its bits.
    fn place(self) -> u64 {
        place(self.hash)
    }
}

fn place(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Channels {
    /// The id of `name`, which is added if it is new.
    pub fn intern(&mut self, name: &str) -> ChannelId {
        let hash = self.hash(name.as_bytes());
        if let Some(found) = self.find(hash, name.as_bytes()) {
            return found;
        }
        self.insert(hash, name)
    }

    /// The id of `name`, if it has been interned. Takes bytes, so that a reader validates a name only once.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<ChannelId> {
        self.find(self.hash(name), name)
    }

    /// The name of a channel of this table.
    #[must_use]
    pub fn name(&self, id: ChannelId) -> &str {
        self.name_at(id.index())
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All ids in order of first appearance.
    pub fn ids(&self) -> impl Iterator<Item = ChannelId> + use<> {
        (0..self.len()).map(ChannelId::from_index)
    }

    /// The ids of `other` in this table, by their index there; unknown names are added.
    pub fn absorb(&mut self, other: &Self) -> Vec<ChannelId> {
        other.ids().map(|id| self.intern(other.name(id))).collect()
    }

    /// For each id, by index, the place of its name in byte order.
    #[must_use]
    pub fn ranks(&self) -> Vec<u32> {
        // Most comparisons end within the first eight bytes, which need no look into the arena.
        let start = |index: u32| {
            let name = self.name_at(index as usize).as_bytes();
            let mut start = [0; 8];
            let length = name.len().min(8);
            start[..length].copy_from_slice(&name[..length]);
            u64::from_be_bytes(start)
        };
        let mut order: Vec<(u64, u32)> =
            (0..self.len() as u32).into_par_iter().map(|index| (start(index), index)).collect();
        order.par_sort_unstable_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| self.name_at(a.1 as usize).cmp(self.name_at(b.1 as usize)))
        });
        let mut ranks = vec![0; self.len()];
        for (rank, (_, index)) in (0_u32..).zip(order) {
            ranks[index as usize] = rank;
        }
        ranks
    }

    fn name_at(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.arena[start..self.ends[index]]
    }

    fn hash(&self, name: &[u8]) -> u32 {
        (self.hasher.hash_one(name) >> 32) as u32
    }

    fn find(&self, hash: u32, name: &[u8]) -> Option<ChannelId> {
        let is_it = |entry: &Entry| entry.hash == hash && self.name_at(entry.index as usize).as_bytes() == name;
        let found = self.table.find(place(hash), is_it)?;
        Some(ChannelId::from_index(found.index as usize))
    }

    fn insert(&mut self, hash: u32, name: &str) -> ChannelId {
        let id = ChannelId::from_index(self.ends.len());
        self.arena.push_str(name);
        self.ends.push(self.arena.len());
        let entry = Entry { hash, index: id.index() as u32 };
        self.table.insert_unique(place(hash), entry, |entry| entry.place());
        id
    }
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|index| self.name_at(index))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stored_once_and_ids_follow_first_appearance() {
        let mut channels = Channels::default();
        let ids: Vec<usize> = ["q2", "", "q1", "q2", "q10"].iter().map(|name| channels.intern(name).index()).collect();
        assert_eq!(ids, [0, 1, 2, 0, 3]);
        assert_eq!(channels.len(), 4);
        assert_eq!(channels.get(b"q10").map(|id| channels.name(id)), Some("q10"));
        assert_eq!(channels.get(b"q3"), None);
        assert_eq!(channels.ranks(), [3, 0, 1, 2]);
    }

    #[test]
    fn absorbing_a_table_translates_its_ids() {
        let (mut left, mut right) = (Channels::default(), Channels::default());
        for name in ["a", "b"] {
            left.intern(name);
        }
        for name in ["c", "b"] {
            right.intern(name);
        }
        let translated: Vec<usize> = left.absorb(&right).iter().map(|id| id.index()).collect();
        assert_eq!(translated, [2, 1]);
    }
}
