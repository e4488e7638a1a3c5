"""Colleagues: accounts, permissions, sign-in, and the logs of what they did."""
