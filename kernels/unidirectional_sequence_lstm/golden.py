"""Prints small.golden: LSTM cells in double precision, from the textbook's formulas.

The integer cases have inputs and scales for which the expected result is the rounded real one, checked here to be at
least a fifth of a step away from the nearest half.
"""

import math


def logistic(x):
    return 1 / (1 + math.exp(-x))


def cell(x, weights, recurrent, bias, h, c, clip=0.0):
    """One moment; every argument but clip holds a list for each cell, weights and the like one for each of the gates
    input, forget, update, output."""
    new_h, new_c = [], []
    for s in range(len(h)):
        sums = [
            bias[g][s]
            + sum(w * v for w, v in zip(weights[g][s], x))
            + sum(w * v for w, v in zip(recurrent[g][s], h))
            for g in range(4)
        ]
        state = logistic(sums[1]) * c[s] + logistic(sums[0]) * math.tanh(sums[2])
        if clip:
            state = max(-clip, min(clip, state))
        new_c.append(state)
        new_h.append(logistic(sums[3]) * math.tanh(state))
    return new_h, new_c


def flat(values):
    return [v for row in values for v in (flat(row) if isinstance(row, list) else [row])]


def show(values):
    return " ".join(f"{v:.9g}" for v in flat(values))


def shape(values):
    dims = []
    while isinstance(values, list):
        dims.append(str(len(values)))
        values = values[0]
    return "[" + ",".join(dims) + "]"


def real_case(title, x, weights, recurrent, bias, h, c, clip, time_major):
    batches = len(h)
    y = [[None] * len(row) for row in x]
    after_h, after_c = [], []
    for b in range(batches):
        hidden, state = h[b], c[b]
        for t in range(len(x) if time_major else len(x[b])):
            at = (t, b) if time_major else (b, t)
            hidden, state = cell(x[at[0]][at[1]], weights, recurrent, bias, hidden, state, clip)
            y[at[0]][at[1]] = hidden
        after_h.append(hidden)
        after_c.append(state)
    print(f"case {title}")
    print("param activation 4")
    if clip:
        print(f"param cell_clip {clip:g}")
    if time_major:
        print("param time_major 1")
    print(f"in  float32 {shape(x)} : {show(x)}")
    for matrix in weights + recurrent:
        print(f"in  float32 {shape(matrix)} : {show(matrix)}")
    print("in  absent\n" * 3, end="")
    for row in bias:
        print(f"in  float32 {shape(row)} : {show(row)}")
    print("in  absent\n" * 2, end="")
    print(f"in  float32 {shape(h)} : {show(h)} then {show(after_h)}")
    print(f"in  float32 {shape(c)} : {show(c)} then {show(after_c)}")
    print("in  absent\n" * 4, end="")
    print(f"out float32 {shape(y)} : {show(y)}\n")


def stored(value, scale, zero):
    steps = value / scale + zero
    assert abs(steps - math.floor(steps) - 0.5) > 0.2, (value, steps)
    return round(steps)


def integer_case(title, kind, scale, zero, x, w, r, bias, h, c):
    """One cell, one input, one moment. Weights count in 1/16, the cell in 1/2048; the state before is stored values."""
    w_scale, c_scale = 1 / 16, 1 / 2048
    real = lambda v: (v - zero) * scale
    new_h, new_c = cell(
        [real(x)],
        [[[v * w_scale]] for v in w],
        [[[v * w_scale]] for v in r],
        [[v * scale * w_scale] for v in bias],
        [real(h)],
        [c * c_scale],
    )
    print(f"case {title}")
    print("param activation 4")
    print(f"in  {kind} [1,1,1] scale {scale:.9g} zero {zero} : {x}")
    for v in w + r:
        print(f"in  int8 [1,1] scale {w_scale:g} zero 0 : {v}")
    print("in  absent\n" * 3, end="")
    for v in bias:
        print(f"in  {'int32' if kind == 'int8' else 'int64'} [1] : {v}")
    print("in  absent\n" * 2, end="")
    result = stored(new_h[0], scale, zero)
    print(f"in  {kind} [1,1] scale {scale:.9g} zero {zero} : {h} then {result}")
    print(f"in  int16 [1,1] scale {c_scale:.17g} zero 0 : {c} then {stored(new_c[0], c_scale, 0)}")
    print(f"out {kind} [1,1,1] scale {scale:.9g} zero {zero} : {result}\n")


print("# LSTM cells. Written by golden.py.\n")
W = [[[1.0, -0.5], [0.25, 2.0]], [[0.5, 0.5], [-1.0, 1.0]], [[2.0, 1.0], [-0.5, 0.75]], [[1.0, 1.0], [0.5, -2.0]]]
R = [[[0.5, -1.0], [1.0, 0.0]], [[0.0, 1.0], [-0.5, 0.5]], [[1.0, 1.0], [0.25, -1.0]], [[-1.0, 0.5], [0.0, 2.0]]]
B = [[0.0, 0.5], [1.0, 1.0], [-0.25, 0.0], [0.5, -0.5]]
X = [[[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0]], [[0.0, -1.0], [3.0, 1.0], [-2.0, 0.5]]]
real_case("Two batches of three moments, two cells.", X, W, R, B, [[0.0, 0.0], [0.5, -0.5]], [[0.0, 0.0], [1.0, 2.0]], 0.0, False)
real_case("The same numbers as three moments of two batches; cells are clipped.", [[X[b][t] for b in range(2)] for t in range(3)], W, R, B, [[0.0, 0.0], [0.5, -0.5]], [[0.0, 0.0], [1.0, 2.0]], 0.75, True)
integer_case("int8, by one moment.", "int8", 1 / 64, -10, 54, [10, 20, 30, -15], [5, 10, -20, 25], [100, 0, -50, 200], 20, 3000)
integer_case("int16, by one moment.", "int16", 1 / 256, 0, 175, [10, 20, 30, -15], [5, 10, -20, 25], [250, 0, -1250, 5000], -75, -2002)
