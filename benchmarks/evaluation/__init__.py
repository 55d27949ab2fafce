"""How fast, how true and how sure evaluation is; a module for each part.

A part is a module with `measures(data: Path) -> list[Measure]`, where `data` is the folder of the
real sets, and a line in `PARTS` of `__main__.py`. Its table is printed and kept as
`benchmarks/results/evaluation_<part>.json`; other tables it may print itself.
"""
