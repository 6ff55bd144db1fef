"""Mail: what candidates are written, how it is sent, and a catcher that shows it on one machine."""
