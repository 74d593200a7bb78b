"""`Chance`: random numbers from a seed, the same ones in this machine and in the one in Rust."""

MASK = (1 << 64) - 1


class Chance:
    """SplitMix64, in the place of the directory layer's own chance, so that prefixes are the same in both machines."""

    def __init__(self, seed):
        self.state = seed

    def randrange(self, begin, end):
        self.state = bits = (self.state + 0x9E3779B97F4A7C15) & MASK
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        bits ^= bits >> 31
        return begin + (bits * (end - begin) >> 64)
