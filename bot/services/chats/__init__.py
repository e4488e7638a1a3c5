"""One person on one channel: their row, what they asked, what a message looks like."""
