"""Pages for anybody: what a code on paper, on a screen or in a message leads to."""
