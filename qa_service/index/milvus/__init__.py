"""Indexes in Milvus, which only nominates: what it finds is read from the catalogue and scored as ever."""
