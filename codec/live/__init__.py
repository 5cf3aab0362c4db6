"""Speech that goes on while it is coded: sound devices and what runs between them."""
