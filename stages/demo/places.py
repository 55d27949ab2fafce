"""Kinds of street: their lanes, lines, and what stands beside them."""

from dataclasses import dataclass

WHITE = (0.75, 0.75, 0.72)
YELLOW = (0.75, 0.52, 0.06)


@dataclass(frozen=True)
class Line:
    """A painted line `u` metres right of the middle; `dash` and `gap` in metres, no gap: solid."""

    u: float
    width: float = 0.14
    dash: float = 3.0
    gap: float = 0.0
    colour: tuple[float, float, float] = WHITE


@dataclass(frozen=True)
class Place:
    """A kind of street. Distances in metres across it, positive to the right of the middle."""

    name: str
    asphalt: tuple[tuple[float, float], ...]  # strips of carriageway
    lines: tuple[Line, ...]
    lanes: tuple[float, ...]  # with the traffic of the own direction
    oncoming: tuple[float, ...]
    parking: tuple[float, ...]
    pavement: float  # width beside the carriageway, 0 for a grass verge
    speed: float  # m/s
    setback: tuple[float, float]  # from the edge of the carriageway to the houses
    houses: float  # share of the roadside that is built up, 0..1
    flats: float  # share of the houses that have storeys and flat roofs
    trees: float  # per 100 m and side
    conifers: float  # share of the trees
    hedges: float  # share of the front gardens that have one
    fields: float  # probability of a fence, and of a row of utility poles
    lamps: float  # spacing of street lamps, 0 for none
    both_sides: bool  # whether the lamps stand on both sides
    rails: tuple[float, ...]  # where guard rails run
    gantries: float  # spacing of sign bridges, 0 for none
    lorries: float  # share of the moving vehicles
    buses: float
    bends: float  # greatest amplitude of the bends, metres
    skyline: str  # "town" or "hills"

    @property
    def edges(self) -> tuple[float, float]:
        """Left and right end of all carriageways."""
        return self.asphalt[0][0], self.asphalt[-1][1]


AVENUE = Place(
    name="avenue",
    asphalt=((-9.2, 9.2),),
    lines=(
        Line(-0.13, colour=YELLOW),
        Line(0.13, colour=YELLOW),
        Line(-3.5, dash=3.0, gap=4.5),
        Line(3.5, dash=3.0, gap=4.5),
        Line(-7.0, 0.12),
        Line(7.0, 0.12),
    ),
    lanes=(1.8, 5.25),
    oncoming=(-1.8, -5.25),
    parking=(-8.15, 8.15),
    pavement=3.4,
    speed=9.0,
    setback=(3.4, 5.0),
    houses=0.9,
    flats=1.0,
    trees=3.5,
    conifers=0.0,
    hedges=0.0,
    fields=0.0,
    lamps=28.0,
    both_sides=True,
    rails=(),
    gantries=0.0,
    lorries=0.06,
    buses=0.08,
    bends=7.0,
    skyline="town",
)
SUBURB = Place(
    name="suburb",
    asphalt=((-5.6, 5.6),),
    lines=(Line(0.0, dash=2.0, gap=4.0), Line(-5.3, 0.1), Line(5.3, 0.1)),
    lanes=(1.75,),
    oncoming=(-1.75,),
    parking=(-4.55, 4.55),
    pavement=2.0,
    speed=7.0,
    setback=(4.5, 8.5),
    houses=0.75,
    flats=0.12,
    trees=6.0,
    conifers=0.25,
    hedges=0.55,
    fields=0.0,
    lamps=34.0,
    both_sides=True,
    rails=(),
    gantries=0.0,
    lorries=0.06,
    buses=0.0,
    bends=9.0,
    skyline="hills",
)
COUNTRY = Place(
    name="country",
    asphalt=((-3.7, 3.7),),
    lines=(Line(0.0, dash=3.0, gap=6.0), Line(-3.4, 0.12), Line(3.4, 0.12)),
    lanes=(1.75,),
    oncoming=(-1.75,),
    parking=(),
    pavement=0.0,
    speed=13.0,
    setback=(9.0, 25.0),
    houses=0.12,
    flats=0.0,
    trees=7.0,
    conifers=0.4,
    hedges=0.0,
    fields=0.6,
    lamps=0.0,
    both_sides=True,
    rails=(),
    gantries=0.0,
    lorries=0.06,
    buses=0.0,
    bends=14.0,
    skyline="hills",
)
MOTORWAY = Place(
    name="motorway",
    asphalt=((-17.2, -3.8), (-0.6, 13.2)),
    lines=(
        Line(-16.8, 0.18),
        Line(-11.9, dash=6.0, gap=9.0),
        Line(-8.2, dash=6.0, gap=9.0),
        Line(-4.4, 0.18),
        Line(0.0, 0.18, colour=YELLOW),
        Line(3.8, dash=6.0, gap=9.0),
        Line(7.5, dash=6.0, gap=9.0),
        Line(11.4, 0.18),
    ),
    lanes=(1.9, 5.65, 9.4),
    oncoming=(-6.3, -10.0, -13.8),
    parking=(),
    pavement=0.0,
    speed=20.0,
    setback=(14.0, 40.0),
    houses=0.12,
    flats=0.6,
    trees=6.0,
    conifers=0.35,
    hedges=0.0,
    fields=0.0,
    lamps=48.0,
    both_sides=False,
    rails=(-3.2, -1.2),
    gantries=110.0,
    lorries=0.25,
    buses=0.0,
    bends=8.0,
    skyline="hills",
)
PLACES = (AVENUE, SUBURB, COUNTRY, MOTORWAY)
