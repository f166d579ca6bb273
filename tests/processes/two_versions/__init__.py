"""`later` is the next version of the product, for tests of two versions at once.

It has the code of today and a schema that is a step ahead. Outside of the product's own packages,
so that what runs today cannot import it.
"""
