//! What waits, with the time passed in.
