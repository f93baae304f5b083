"""At-least-once delivery: how an entry is read, worked on, and brought to its one end."""
