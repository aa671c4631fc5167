"""Bytes to text: byte-order marks, the declared charset, strict UTF-8, then detection.

chardet 7.7 was chosen over charset-normalizer 3.5.2 on 20 to 1,000 characters of real articles in 16 charsets.
"""
