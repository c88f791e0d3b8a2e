"""Measure what drawing costs on this machine: ``python -m tests.scene.drawing_cost``, offscreen, one view of 1200x800 pixels.

Prints the CPU milliseconds (best of some frames, the camera turning in between) of a frame by N and edges, and of a layer
switch and a pick without repainting.
"""

import time

import numpy as np
import pyvista as pv

from bgnn_studio.scene.cloud_scene import CloudScene
from tests.traces import synthetic_cloud

ROUNDS = 4


def best(action, between=lambda: None):
    costs = []
    for _ in range(ROUNDS):
        between()
        start = time.process_time()
        action()
        costs.append(time.process_time() - start)
    return 1e3 * min(costs)


def main():
    print(f"{'N':>6} {'edges':>14} {'frame ms':>9} {'switch ms':>9} {'pick ms':>8}")
    for points in (1024, 4096, 16384):
        cloud = synthetic_cloud(points)
        rng = np.random.default_rng(0)
        long_edges = [rng.integers(0, points, (points, 20)) for _ in range(2)]
        order = np.lexsort((cloud[:, 1], cloud[:, 0]))
        short = np.empty((points, 20), np.int64)
        short[order] = order[(np.arange(points)[:, None] + np.arange(20)) % points]
        for name, graphs, mode in (
            ("none", [short] * 2, "none"),
            ("picked", long_edges, "picked"),
            ("short", [short] * 2, "all"),
            ("long", long_edges, "all"),
        ):
            plotter = pv.Plotter(off_screen=True, window_size=(1200, 800))
            scene = CloudScene(plotter)
            scene.set_cloud(cloud)
            scene.set_graph(graphs[0], mode, 5)
            scene.reset_camera()
            scene.screenshot()

            def turn(scene=scene):
                scene.renderer.GetActiveCamera().Azimuth(5)
                scene.renderer.ResetCameraClippingRange()

            def draw(plotter=plotter):
                plotter.render_window.Render()
                plotter.render_window.WaitForCompletion()

            turns = iter(graphs * ROUNDS)
            frame = best(draw, turn)
            switch = best(lambda scene=scene, mode=mode, turns=turns: scene.set_graph(next(turns), mode, 5))
            pick = best(lambda scene=scene: scene.pick(600, 400))
            print(f"{points:>6} {name:>8} {len(scene.edges.connectivity) // 2:>6}{frame:>9.0f} {switch:>9.2f} {pick:>8.2f}")
            plotter.close()


if __name__ == "__main__":
    main()
