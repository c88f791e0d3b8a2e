"""Write the sample files of tests/data/clouds that are not typed by hand: `python -m tests.make_clouds`.

Every file holds the box 1 x 2 x 3, as its corners or (``mesh*``) as a mesh. Formats with a simple layout are written here, byte by
byte; packed ones by the library that reads them.
"""

import base64
import io
import itertools
import json
import struct
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "data" / "clouds"
CORNERS = np.array(list(itertools.product((0, 1), (0, 2), (0, 3))), dtype=np.float32)
QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))  # outward
TRIANGLES = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (c, d, a))])


def numbers(values: np.ndarray) -> str:
    return " ".join(f"{v:g}" for v in values)


def obj_files() -> dict[str, str]:
    points = "".join(f"v {numbers(p)}\n" for p in CORNERS)
    looks = "vt 0 0\nvt 1 0\nvn 0 0 1\n"
    textured = "".join("f " + " ".join(f"{i + 1}/1/1" for i in q) + "\n" for q in QUADS)
    triangles = "".join("f " + " ".join(f"{i + 1}//1" for i in t) + "\n" for t in TRIANGLES)
    relative = ""
    for n, quad in enumerate(QUADS):  # each side brings its own vertices
        relative += f"o side{n}\n" + "".join(f"v {numbers(CORNERS[i])} 0.5 0.5 0.5\n" for i in quad) + "f -4 -3 -2 -1\n"
    return {
        "points.obj": f"# vertices alone\no corners\n{points}",
        "mesh_textured_quads.obj": f"mtllib box.mtl\ng box\n{points}{looks}usemtl grey\ns off\n{textured}",
        "mesh_triangles_crlf.obj": f"{points}{looks}{triangles}l 1 2\n".replace("\n", "\r\n"),
        "mesh_relative.obj": relative,
        "mesh_continued.obj": points + "".join(f"f {q[0] + 1} {q[1] + 1} \\\n  {q[2] + 1} {q[3] + 1}  # a quad\n" for q in QUADS),
    }


def stl_files() -> dict[str, str | bytes]:
    def facets(triangles: np.ndarray) -> str:
        return "".join(
            "facet normal 0 0 0\n outer loop\n" + "".join(f"  vertex {numbers(CORNERS[i])}\n" for i in t) + " endloop\nendfacet\n"
            for t in triangles
        )

    packed = b"".join(struct.pack("<12fH", *np.zeros(3), *CORNERS[t].ravel(), 0) for t in TRIANGLES)
    binary = struct.pack("<80sI", b"a box", 12) + packed
    return {
        "mesh_ascii.stl": f"solid box\n{facets(TRIANGLES)}endsolid box\n",
        "mesh_ascii_two_solids.stl": f"SOLID\n{facets(TRIANGLES[:5])}ENDSOLID\nsolid\n{facets(TRIANGLES[5:])}endsolid\n".upper(),
        "mesh_binary.stl": binary,
        "mesh_binary_named_solid.stl": b"solid" + binary[5:],
    }


def gltf_tree(kind: int, uri: str | None) -> tuple[dict, bytes]:
    """Return the JSON and the buffer of a glTF: the corners as points (mode 0) or triangles (mode 4)."""
    indices, points = TRIANGLES.astype("<u2").tobytes(), CORNERS.astype("<f4").tobytes()
    primitive = {"attributes": {"POSITION": 1}, "mode": kind} | ({"indices": 0} if kind == 4 else {})
    tree = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5123, "count": 36, "type": "SCALAR"},
            {"bufferView": 1, "componentType": 5126, "count": 8, "type": "VEC3"},
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": len(indices)},
            {"buffer": 0, "byteOffset": len(indices), "byteLength": len(points)},
        ],
        "buffers": [{"byteLength": len(indices + points)} | ({} if uri is None else {"uri": uri})],
    }
    return tree, indices + points


def glb(tree: dict, chunk: bytes) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    chunk += bytes(-len(chunk) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 28 + len(text) + len(chunk), len(text), 0x4E4F534A) + text + struct.pack(
        "<II", len(chunk), 0x004E4942
    ) + chunk  # fmt: skip


def gltf_files() -> dict[str, str | bytes]:
    tree, chunk = gltf_tree(4, None)
    inside, _ = gltf_tree(4, "data:application/octet-stream;base64," + base64.b64encode(chunk).decode())
    dots, _ = gltf_tree(0, None)
    # One square of side 1 in xy, six times, by translation, rotation, scale and matrix below a shifted parent.
    square = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]], dtype="<f4").tobytes()
    scene, _ = gltf_tree(5, None)
    half = 0.5**0.5
    flat = {"scale": [1, 2, 1]}
    side_x = {"matrix": [0, 2, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 1]}  # columns: x to y, y to z
    side_y = {"rotation": [half, 0, 0, half], "scale": [1, 3, 1]}  # a quarter turn about x: y to z
    sides = [(flat, (0, 0, 3)), (side_x, (1, 0, 0)), (side_y, (0, 2, 0))]
    scene["scenes"] = [{"nodes": []}, {"nodes": [0]}]
    scene["scene"] = 1
    scene["nodes"] = [{"translation": [-5, 0, 0], "children": [1]}, {"translation": [5, 0, 0], "children": [2, 3, 4, 5, 7, 9]}]
    scene["nodes"] += [{"mesh": 0, **turned} for turned, _ in sides]
    for turned, shift in sides:
        scene["nodes"] += [{"translation": list(shift), "children": [len(scene["nodes"]) + 1]}, {"mesh": 0, **turned}]
    scene["accessors"] = [scene["accessors"][0] | {"count": 1}, scene["accessors"][1] | {"bufferView": 0, "count": 4}]
    scene["bufferViews"] = [{"buffer": 0, "byteLength": len(square)}]
    scene["buffers"] = [{"byteLength": len(square)}]
    return {
        "mesh.glb": glb(tree, chunk),
        "mesh_embedded.gltf": json.dumps(inside, indent=1),
        "mesh_scene.glb": glb(scene, square),
        "points.glb": glb(dots, chunk),
    }


def pcd_files() -> dict[str, str | bytes]:
    from pypcd4 import Encoding, PointCloud

    head = "VERSION 0.7\nFIELDS {}\nSIZE {}\nTYPE {}\nCOUNT {}\nWIDTH {}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {}\nDATA {}\n"
    rows = [f"{i} {numbers(p)}  4.2108e+06 " for i, p in enumerate(CORNERS)]
    rows.insert(3, "9 nan nan nan 0")  # where the sensor saw nothing
    ascii_head = head.format("id x y z rgb", "4 4 4 8 4", "U F F F F", "1 1 1 1 1", 9, 9, "ascii")
    mixed = np.zeros(8, dtype=[("_", "V3"), ("xyz", "<f8", 3), ("normal", "<f4", 3)])
    mixed["xyz"] = CORNERS
    packed, stream = PointCloud.from_xyz_points(CORNERS), io.BytesIO()
    packed.save(stream, Encoding.BINARY_COMPRESSED)
    return {
        "organised_ascii.pcd": "# .PCD v0.7 - Point Cloud Data file format\n" + ascii_head + "\n".join(rows) + "\n",
        "points_crlf.pcd": (head.format("x y z", "4 4 4", "F F F", "1 1 1", 8, 8, "ascii") + "\n".join(map(numbers, CORNERS))).replace(
            "\n", "\r\n"
        ),
        "points_binary.pcd": head.format("_ x y z normal", "1 8 8 8 4", "U F F F F", "3 1 1 1 3", 8, 8, "binary").encode()
        + mixed.tobytes(),
        "points_compressed.pcd": stream.getvalue(),
    }


def las_by_hand() -> bytes:
    """Return a LAS 1.2 file, point format 0, by its specification: scales 0.5, offsets 1, 2, 3."""
    scale, offset = np.full(3, 0.5), np.array([1.0, 2.0, 3.0])
    head = struct.pack("<4sHH16sBB32s32sHHHIIBHI20s", b"LASF", 0, 0, b"", 1, 2, b"", b"", 1, 2026, 227, 227, 0, 0, 20, 8, b"")
    head += struct.pack("<12d", *scale, *offset, 1, 0, 2, 0, 3, 0)
    whole = np.round((CORNERS - offset) / scale).astype(int)
    return head + b"".join(struct.pack("<iii8s", *xyz, b"") for xyz in whole)


def las_file(point_format: int, version: str, *, packed: bool) -> bytes:
    import laspy

    header = laspy.LasHeader(point_format=point_format, version=version)
    header.scales = np.full(3, 0.001)
    scan = laspy.LasData(header)
    scan.x, scan.y, scan.z = CORNERS.T.astype(np.float64)
    stream = io.BytesIO()
    scan.write(stream, do_compress=packed, laz_backend=laspy.LazBackend.Lazrs if packed else None)
    return stream.getvalue()


def las_files() -> dict[str, bytes]:
    return {
        "format0.las": las_by_hand(),
        "format7.las": las_file(7, "1.4", packed=False),
        "format3.laz": las_file(3, "1.2", packed=True),
        "format6.laz": las_file(6, "1.4", packed=True),
        "format8.laz": las_file(8, "1.4", packed=True),
    }


def hdf5_file(data: np.ndarray, **how: object) -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as archive:
        archive.create_dataset("data", data=data, **how)
        archive.create_dataset("label", data=np.arange(len(data), dtype=np.uint8)[:, None])
    return stream.getvalue()


def hdf5_files() -> dict[str, bytes]:
    clouds = np.stack([CORNERS, CORNERS + 10, CORNERS + 20])
    normals = np.concatenate([clouds, np.ones_like(clouds)], axis=2).astype(np.float64)
    return {"clouds.h5": hdf5_file(clouds), "clouds_gzip.hdf5": hdf5_file(normals, compression="gzip", chunks=(2, 8, 6))}


RGB = np.array([[36 * i, 255 - 30 * i, 7 * i] for i in range(8)], dtype=np.uint8)
NORMALS = ((CORNERS - [0.5, 1, 1.5]) / 0.75**0.5 / [1, 2, 3]).astype(np.float32)  # of length 1, towards the corners
INTENSITY = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype=np.uint16) * 100
LABEL = np.array([2, 2, 5, 5, 6, 6, 2, 6], dtype=np.uint8)


def attribute_rows(template: str) -> str:
    """Return a line for each corner: p, n, c, i and l stand for its place, normal, colour, intensity and label."""
    parts = zip(CORNERS, NORMALS, RGB, INTENSITY, LABEL, strict=True)
    made = (
        {"p": numbers(p), "n": " ".join(f"{v:.6f}" for v in n), "c": numbers(c), "i": str(i), "l": str(label)}
        for p, n, c, i, label in parts
    )
    return "".join(" ".join(one[letter] for letter in template) + "\n" for one in made)


def ply_attributes(order: str) -> bytes:
    """Return a PLY with places, normals, colours, CloudCompare's intensity and labels; order: ``ascii``, ``<`` or ``>``."""
    kinds = [(name, "float", "f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
    kinds += [(name, "uchar", "u1") for name in ("red", "green", "blue")] + [
        ("scalar_Intensity", "float32", "f4"),
        ("label", "uint8", "u1"),
    ]
    head = {"ascii": "ascii", "<": "binary_little_endian", ">": "binary_big_endian"}[order]
    text = f"ply\nformat {head} 1.0\nelement vertex 8\n" + "".join(f"property {kind} {name}\n" for name, kind, _ in kinds) + "end_header\n"
    if order == "ascii":
        return (text + attribute_rows("pncil")).encode()
    rows = np.zeros(8, dtype=[(name, order + kind) for name, _, kind in kinds])
    columns = np.column_stack([CORNERS, NORMALS, RGB, INTENSITY, LABEL]).T
    for (name, _, _), column in zip(kinds, columns, strict=True):
        rows[name] = column
    return text.encode() + rows.tobytes()


def pcd_attributes(encoding: str) -> bytes:
    """Return a PCD with packed colours under the type of a float, normals, intensity and label."""
    from pypcd4 import Encoding, PointCloud

    packed = (RGB.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)).astype(np.uint32).view(np.float32)
    columns = [*CORNERS.T, packed, *NORMALS.T, INTENSITY.astype(np.float32), LABEL]
    names = ("x", "y", "z", "rgb", "normal_x", "normal_y", "normal_z", "intensity", "label")
    cloud, stream = PointCloud.from_points(columns, names, (*[np.float32] * 8, np.uint8)), io.BytesIO()
    cloud.save(stream, Encoding[encoding])
    return stream.getvalue()


def las_attributes(*, packed: bool) -> bytes:
    import laspy

    header = laspy.LasHeader(point_format=7, version="1.4")
    header.scales = np.full(3, 0.001)
    header.add_extra_dim(laspy.ExtraBytesParams(name="Roughness", type=np.float32))
    scan = laspy.LasData(header)
    scan.x, scan.y, scan.z = CORNERS.T.astype(np.float64)
    scan.red, scan.green, scan.blue = RGB.T.astype(np.uint16) * 257
    scan.intensity, scan.classification, scan.Roughness = INTENSITY, LABEL, INTENSITY / 1000
    stream = io.BytesIO()
    scan.write(stream, do_compress=packed, laz_backend=laspy.LazBackend.Lazrs if packed else None)
    return stream.getvalue()


def glb_attributes(kind: int) -> bytes:
    """Return a GLB of the corners with colours, and of triangles (4) with normals too."""
    tree, chunk = gltf_tree(kind, None)
    for name, values in (("COLOR_0", (RGB / np.float32(255)).astype("<f4")), ("NORMAL", NORMALS.astype("<f4"))):
        tree["meshes"][0]["primitives"][0]["attributes"][name] = len(tree["accessors"])
        tree["accessors"].append({"bufferView": len(tree["bufferViews"]), "componentType": 5126, "count": 8, "type": "VEC3"})
        tree["bufferViews"].append({"buffer": 0, "byteOffset": len(chunk), "byteLength": values.nbytes})
        chunk += values.tobytes()
    tree["buffers"][0]["byteLength"] = len(chunk)
    return glb(tree, chunk)


def npy(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def npz_attributes() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, points=CORNERS, colors=RGB / 255, normals=NORMALS, intensity=INTENSITY, labels=LABEL.astype(np.int64))
    return stream.getvalue()


def hdf5_attributes() -> bytes:
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as archive:
        archive["data"] = np.stack([CORNERS, CORNERS + 10])
        archive["normal"] = np.stack([NORMALS, -NORMALS])
        archive["pid"] = np.stack([LABEL, LABEL[::-1]])
        archive["label"] = np.array([[0], [1]], dtype=np.uint8)  # of the clouds, not of their points
    return stream.getvalue()


def attribute_files() -> dict[str, str | bytes]:
    """Return the corners with colour, normals, intensity and labels, as far as each format goes."""
    faces = "".join(f"3 {numbers(t)}\n" for t in TRIANGLES)
    obj_colours = "".join(f"v {numbers(p)} {numbers(c / 255)}\n" for p, c in zip(CORNERS, RGB, strict=True))
    obj_normals = "".join(f"vn {numbers(n)}\n" for n in NORMALS)
    parts = zip(CORNERS, RGB.tolist(), NORMALS, LABEL, strict=True)
    packed = [f"{numbers(p)} {r << 16 | g << 8 | b} {numbers(n)} {label}" for p, (r, g, b), n, label in parts]
    comma = attribute_rows("pcil").replace(" ", ",")
    return {
        "attributes_ascii.ply": ply_attributes("ascii"),
        "attributes_little_endian.ply": ply_attributes("<"),
        "attributes_big_endian.ply": ply_attributes(">"),
        "attributes_binary.pcd": pcd_attributes("BINARY"),
        "attributes_compressed.pcd": pcd_attributes("BINARY_COMPRESSED"),
        "attributes_ascii.pcd": "FIELDS x y z rgba normal label\nSIZE 4 4 4 4 4 4\nTYPE F F F U F I\nCOUNT 1 1 1 1 3 1\nWIDTH 8\nHEIGHT 1\n"
        "VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 8\nDATA ascii\n" + "".join(f"{row}\n" for row in packed),
        "attributes.las": las_attributes(packed=False),
        "attributes.laz": las_attributes(packed=True),
        "attributes.obj": obj_colours + obj_normals,
        "mesh_attributes.obj": obj_colours + "".join(f"f {' '.join(str(i + 1) for i in t)}\n" for t in TRIANGLES),
        "mesh_attributes.off": f"COFF\n8 12 0\n{attribute_rows('pc')}{faces}",
        "attributes_normals.off": f"NOFF\n8 0 0\n{attribute_rows('pn')}",
        "attributes.glb": glb_attributes(0),
        "mesh_attributes.glb": glb_attributes(4),
        "attributes_columns.npy": npy(np.column_stack([CORNERS, NORMALS, RGB, LABEL])),
        "attributes.npz": npz_attributes(),
        "attributes.h5": hdf5_attributes(),
        "attributes_named.csv": "x,y,z,red,green,blue,Intensity,class\n" + comma,
        "attributes_semicolons.csv": "x;y;z;R;G;B;intensity;label;remark\n" + comma.replace(",", ";").replace("\n", ";good\n"),
        "attributes_tabs.txt": "// X Y Z Nx Ny Nz\n" + attribute_rows("pn").replace(" ", "\t"),
        "attributes_columns.pts": "8\n" + attribute_rows("pic"),
    }


def main() -> None:
    files = attribute_files() | obj_files() | stl_files() | gltf_files() | pcd_files() | las_files() | hdf5_files()
    for name, content in files.items():
        (FOLDER / name).write_bytes(content.encode() if isinstance(content, str) else content)


if __name__ == "__main__":
    main()
