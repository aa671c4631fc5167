"""The read path: nominate, score on full evidence, fuse, calibrate, choose the answer. No Flask, no files."""
