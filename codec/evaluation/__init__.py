"""How good coded speech is: this codec and its peers on a set of recordings, by `sotto evaluate`."""
