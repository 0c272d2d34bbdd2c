"""Tables that only studies read: what is fitted, what a forecast missed, what others print."""
