"""The running system: channels, services, relay and console.  What is said lives in handlers and knowledge."""
