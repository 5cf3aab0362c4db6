"""The networks in numpy, step by step; exact in integers wherever a decoded sample depends on them."""
