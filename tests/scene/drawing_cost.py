"""Measure what drawing costs on this machine: ``python -m tests.scene.drawing_cost``, offscreen, one view of 1200x800 pixels.

Prints CPU milliseconds by N and edges: a frame (best of some, the camera turning in between), a layer switch and a pick
without repainting.
"""

import time
from functools import partial

import numpy as np
import pyvista as pv

from bgnn_studio.core.bits import pack_signs
from bgnn_studio.native import kernels
from bgnn_studio.scene.cloud_scene import CloudScene
from tests.traces import synthetic_cloud

ROUNDS = 5


def best(action, between=lambda: None):
    costs = []
    for _ in range(ROUNDS):
        between()
        start = time.process_time()
        action()
        costs.append(time.process_time() - start)
    return 1e3 * min(costs)


def turn(scene):
    scene.renderer.GetActiveCamera().Azimuth(5)
    scene.renderer.ResetCameraClippingRange()


def draw(scene):
    scene.renderer.GetRenderWindow().Render()
    scene.renderer.GetRenderWindow().WaitForCompletion()


def measure(cloud, graphs, mode):
    plotter = pv.Plotter(off_screen=True, window_size=(1200, 800))
    scene = CloudScene(plotter)
    scene.set_cloud(cloud)
    scene.set_graph(graphs[0], mode, 5)
    scene.reset_camera()
    scene.screenshot()
    frame = best(partial(draw, scene), partial(turn, scene))
    layers = iter(graphs * ROUNDS)
    switch = best(lambda: scene.set_graph(next(layers), mode, 5))
    pick = best(lambda: scene.pick(600, 400))
    drawn = len(scene.edges.connectivity) // 2
    plotter.close()
    return drawn, frame, switch, pick


def main():
    print(f"{'N':>6} {'edges':>14} {'frame ms':>9} {'switch ms':>9} {'pick ms':>8}")
    for points in (1024, 4096, 16384):
        cloud = synthetic_cloud(points)
        bits = [pack_signs(cloud @ np.random.default_rng(seed).standard_normal((3, 64))) for seed in (0, 1)]
        xyz, hamming = [kernels.knn_l2(cloud, 20)[0]] * 2, [kernels.knn_hamming(b, 20)[0] for b in bits]
        for name, graphs, mode in (
            ("none", xyz, "none"),
            ("picked", hamming, "picked"),
            ("xyz", xyz, "all"),
            ("Hamming", hamming, "all"),
            ("random", [np.random.default_rng(seed).integers(0, points, (points, 20)) for seed in (0, 1)], "all"),
        ):
            drawn, frame, switch, pick = measure(cloud, graphs, mode)
            print(f"{points:>6} {name:>8} {drawn:>5} {frame:>9.0f} {switch:>9.2f} {pick:>8.2f}")


if __name__ == "__main__":
    main()
