"""What every service agrees on: the route, the messages, delivery, settings, health."""
