/// Version of what plans and markers mean. Another one is refused, and not guessed at.
pub const CONTRACT: u32 = 2;
