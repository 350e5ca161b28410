#!/usr/bin/python3
"""Makes the images that the input gate is fitted to and measured on, and the list of them.

    model/gate/make_images.py DATA OUT

DATA is the folder with idc/, mias/, breakhis/, busi/ and dicom/. OUT receives the images and
list.tsv, a line an image:  path, family, variant, reason, group, use.
  family   left out as a whole when the gate is measured on it ("right", "right_varied" and "film"
           are the right ones)
  variant  a row of the table
  reason   the code (shared/gate.h) that describes it best
  group    images of one source (case, woman, file): counted as one where intervals are made
  use      make, test, or both
It is Python because it needs decoders and encoders that the engine has not: WebP, JPEG, DICOM.
The images of Debian packages are fetched with apt-get and unpacked, not installed. Nothing made
here is shipped. The same inputs give the same files.
"""
import csv
import io
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

warnings.filterwarnings("ignore")
PACKAGES = ["gimp-help-en", "gnome-backgrounds", "gnome-user-docs", "mate-backgrounds",
            "mricron-data", "opencv-doc", "python3-skimage", "python3-sklearn"]
SIDE = 50          # of a patch
MAX_SIDE = 700     # of a whole image
PER_VARIANT = 240  # made images of a variant, in make and in test
PER_PACKAGE = 70   # images of one package and variant

rows = []
out = Path()


def save(image, family, variant, reason, group, use, name):
    folder = out / variant
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    image.convert("RGB" if image.mode != "L" else "L").save(path, compress_level=1)
    rows.append((path, family, variant, reason, group, use))


def rng(text):
    return random.Random(text)


def whole_and_small(image, family, reason, group, name, use="both"):
    """An image as people have it, and what is left of it in the size of a patch."""
    whole = image.copy()
    whole.thumbnail((MAX_SIDE, MAX_SIDE), Image.LANCZOS)
    save(whole, family, family, reason, group, use, name)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    small = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BOX)
    save(small, family, f"{family}_50", reason, group, use, name)


# --- IDC: the right ones, and what is made of them ----------------------------------------------

def read_idc(data):
    patches = {"train": [], "val": []}
    with open(data / "idc/manifest.csv") as file:
        for row in csv.DictReader(file):
            if row["list"] in patches:
                path = data / "idc/patches" / row["path"]
                patches[row["list"]].append(
                    (path, row["case"], int(row["x"]) // SIDE, int(row["y"]) // SIDE))
    return patches


def od(image):
    return -np.log((np.asarray(image.convert("RGB"), float) + 1) / 256)


def from_od(density):
    return Image.fromarray(np.clip(np.exp(-density) * 256 - 1 + 0.5, 0, 255).astype(np.uint8))


STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])  # Ruifrok 2001


def restained(image, vectors):
    """Haematoxylin and eosin of the image shown by other dyes."""
    basis = STAINS[:2] / np.linalg.norm(STAINS[:2], axis=1, keepdims=True)
    amounts = np.clip(od(image) @ np.linalg.pinv(basis), 0, None)
    return from_od(amounts @ (np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)))


DYES = {  # what haematoxylin and eosin become
    "dab": [[0.65, 0.70, 0.29], [0.27, 0.57, 0.78]],
    "dab_nuclei": [[0.27, 0.57, 0.78], [0.45, 0.40, 0.25]],
    "trichrome": [[0.60, 0.65, 0.40], [0.85, 0.48, 0.12]],
    "trichrome_green": [[0.55, 0.70, 0.40], [0.80, 0.25, 0.55]],
    "sirius": [[0.55, 0.50, 0.62], [0.12, 0.85, 0.65]],
}


def pen(image, random_):
    colour = random_.choice([(20, 20, 25), (25, 45, 150), (20, 110, 60), (190, 30, 40),
                             (40, 90, 200), (10, 60, 40)])
    scale = image.width / SIDE
    mark = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(mark)
    for _ in range(random_.randint(1, 3)):
        points = [(random_.uniform(-10, 60) * scale, random_.uniform(-10, 60) * scale)
                  for _ in range(3)]
        draw.line(points, fill=random_.randint(180, 250), width=int(random_.uniform(9, 20) * scale))
    mark = mark.filter(ImageFilter.GaussianBlur(0.8))
    cover = np.asarray(mark, float) / 255
    if cover.mean() < 0.2:
        return None
    pixels = np.asarray(image.convert("RGB"), float)
    inked = pixels / 255 * np.array(colour)  # ink lets through what the tissue lets through
    mixed = pixels * (1 - cover[..., None]) + inked * cover[..., None]
    return Image.fromarray(mixed.astype(np.uint8))


def glass(random_, width, height):
    y, x = np.mgrid[0:height, 0:width] / max(width, height) - 0.5
    level = np.array([random_.uniform(225, 252)] * 3) + [random_.uniform(-5, 3) for _ in range(3)]
    shade = 1 - random_.uniform(0, 0.12) * ((x - random_.uniform(-.4, .4)) ** 2 + y ** 2)
    noise = np.random.default_rng(random_.randrange(1 << 30)).normal(
        0, random_.uniform(0.3, 2.5), (height, width, 1))
    pixels = level * shade[..., None] + noise
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if random_.random() < 0.4:  # dust
        draw = ImageDraw.Draw(image)
        for _ in range(random_.randint(1, 3)):
            px, py = random_.uniform(0, width), random_.uniform(0, height)
            grey = random_.randint(120, 200)
            draw.ellipse((px, py, px + random_.uniform(1, 4), py + random_.uniform(1, 4)),
                         fill=(grey, grey, grey))
    return image


def jpeg(image, quality):
    packed = io.BytesIO()
    image.convert("RGB").save(packed, "JPEG", quality=quality)
    return Image.open(io.BytesIO(packed.getvalue())).convert("RGB")


def blocks(patches, side, most):
    """Neighbouring patches put together, side × side of them."""
    at = {(case, x, y): path for path, case, x, y in patches}
    made, taken = [], set()
    for case, x, y in sorted(at):
        parts = [(case, x + i, y + j) for j in range(side) for i in range(side)]
        if any(part not in at or part in taken for part in parts):
            continue
        taken.update(parts)
        whole = Image.new("RGB", (side * SIDE, side * SIDE))
        for part in parts:
            whole.paste(Image.open(at[part]), ((part[1] - x) * SIDE, (part[2] - y) * SIDE))
        made.append((whole, case))
    return rng(f"blocks {side}").sample(made, min(most, len(made)))


def vary(source, use):
    """Right ones as other laboratories and programs might have made them."""
    for index, (image, case) in enumerate(source):
        random_ = rng(f"{use} varied {index}")
        name = f"{use}{index:04}"

        def add(changed, variant):
            save(changed, "right_varied", variant, "", case, use, name)

        add(jpeg(image, random_.randint(75, 95)), "resaved")
        side = round(SIDE * random_.uniform(0.9, 1.12))
        add(image.resize((side, side), random_.choice([Image.BILINEAR, Image.BICUBIC,
                                                       Image.LANCZOS])), "resampled")
        amounts = np.clip(od(image) @ np.linalg.pinv(STAINS), -0.2, None)
        amounts *= [random_.uniform(0.75, 1.3), random_.uniform(0.75, 1.3), 1]
        turned = STAINS + np.array([[random_.uniform(-0.05, 0.05) for _ in range(3)]
                                    for _ in range(3)])
        add(from_od(amounts @ turned + random_.uniform(0, 0.06)), "stained_otherwise")


def spoil(source, use, size):
    """The families made of right images. size: "" for patches, "_field" for larger ones."""
    for index, (image, case) in enumerate(source):
        random_ = rng(f"{use} {size} {index}")
        name, width = f"{use}{index:04}", image.width

        def add(changed, family, variant, reason):
            save(changed, family, variant + size, reason, case, use, name)

        for times in (2, 4):
            side = -(-width // times)
            left, top = random_.randrange(width - side + 1), random_.randrange(width - side + 1)
            part = image.crop((left, top, left + side, top + side))
            filter_ = random_.choice([Image.BILINEAR, Image.BICUBIC])
            add(part.resize((width, width), filter_), "rescaled", f"up{times}", "scale")
        add(image.filter(ImageFilter.GaussianBlur(random_.uniform(1.2, 3))), "blur", "blur", "blur")
        add(jpeg(image, random_.randint(5, 15)), "jpeg", "jpeg", "compression")
        inked = pen(image, random_)
        if inked is not None:
            add(inked, "pen", "pen", "pen")
        dye = random_.choice(sorted(DYES))
        add(restained(image, DYES[dye]), "stain_made", "stain_made", "other_stain")
        add(image.convert("L").convert("RGB"), "grey_idc", "grey_idc", "colour_not_histology")
        inverted = Image.fromarray(255 - np.asarray(image.convert("RGB")))
        add(inverted, "inverted", "inverted", "colour_not_histology")
        add(glass(random_, width, width), "glass", "glass", "glass")


def idc(data):
    patches = read_idc(data)
    for list_, use in (("train", "make"), ("val", "test")):
        for path, case, _, _ in patches[list_]:
            rows.append((path, "right", "idc_patch", "", case, use))
        some = rng(use).sample([(p, c) for p, c, _, _ in patches[list_] if tissue(p)], PER_VARIANT)
        some = [(Image.open(path).convert("RGB"), case) for path, case in some]
        spoil(some, use, "")
        vary(some, use)
        for side in (2, 3, 4):
            for index, (field, case) in enumerate(blocks(patches[list_], side, 60)):
                save(field, "right", "idc_field", "", case, use, f"{use}{side}{index:03}")
        for index, (field, case) in enumerate(blocks(patches[list_], 4, 40)):
            small = field.resize((2 * SIDE, 2 * SIDE), Image.BOX)
            save(small, "rescaled", "down2_field", "scale", case, use, f"{use}{index:03}")
        for index, (field, case) in enumerate(blocks(patches[list_], 2, PER_VARIANT)):
            small = field.resize((SIDE, SIDE), Image.BOX)
            save(small, "rescaled", "down2", "scale", case, use, f"{use}{index:03}")
        spoil(blocks(patches[list_], 3, 40), use, "_field")


def tissue(path):
    return od(Image.open(path)).mean() > 0.15


# --- Other real images --------------------------------------------------------------------------

def breakhis(data):
    for path in sorted((data / "breakhis").rglob("*.png")):
        image = Image.open(path).convert("RGB")
        case = re.search(r"14-\d+", path.stem).group()
        if re.search("-(200|400)-", path.name):
            whole_and_small(image, "breakhis", "scale", case, path.stem)
        else:  # of 40×, or it is not told: reduced to 50 pixels it might be a right one
            save(image, "breakhis", "breakhis", "scale", case, "both", path.stem)
        if "-40-" in path.name:  # 0.49 µm/px; reduced to 4 a right one, of another origin
            small = image.resize((86, 56), Image.BOX)
            save(small, "right_other", "breakhis_at_4um", "", case, "test", path.stem)
        left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
        save(image.crop((left, top, left + SIDE, top + SIDE)), "breakhis", "breakhis_crop", "scale",
             case, "both", path.stem)


def busi(data):
    for path in sorted((data / "busi").rglob("*.png")):
        if "mask" not in path.name:
            name = f"{path.parent.name}_{path.stem}"
            whole_and_small(Image.open(path).convert("RGB"), "busi", "grey_not_film", name, name)


def varied_film(image, random_):
    """A film as other scanners and archives might give it: cut close, mirrored, brighter, smaller."""
    light = np.asarray(image) > 40
    columns, lines = np.flatnonzero(light.mean(0) > 0.05), np.flatnonzero(light.mean(1) > 0.05)
    margin = random_.randint(0, 60)
    image = image.crop((max(0, columns[0] - margin), max(0, lines[0] - margin),
                        min(1024, columns[-1] + margin), min(1024, lines[-1] + margin)))
    if random_.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    scale = random_.uniform(0.5, 1.2)
    size = [max(256, round(side * scale)) for side in image.size]
    gamma = random_.uniform(0.6, 1.6)
    return image.resize(size, Image.BILINEAR).point([round(255 * (i / 255) ** gamma)
                                                     for i in range(256)])


def mias(data):
    women = {}
    with open(data / "mias/labels.csv") as file:
        for row in csv.DictReader(file):
            women[row["image"]] = row["woman"]
    for index, (name, woman) in enumerate(sorted(women.items())):
        path = data / f"mias/{name}.png"
        use = "make" if int(re.sub(r"\D", "", woman)) % 2 else "test"
        rows.append((path, "film", "film", "grey_not_film", woman, use))
        image = Image.open(path).convert("L")
        save(varied_film(image, rng(name)), "film", "film_varied", "grey_not_film", woman, use,
             name)
        if index % 4 < 2:
            small = image.resize((SIDE, SIDE), Image.BOX)
            save(small, "film_part", "film_50", "grey_not_film", woman, use, name)
            column = image.width // 3 if np.asarray(image)[:, :512].mean() > np.asarray(
                image)[:, 512:].mean() else 2 * image.width // 3
            part = image.crop((column, 500, column + SIDE, 500 + SIDE))
            save(part, "film_part", "film_crop", "grey_not_film", woman, use, name)


MODALITIES = {"CT": "ct", "MR": "mr", "CR": "xray", "US": "dicom_us"}
MAMMOGRAMS = {"GH133", "OutOfBoundsOverlay"}


def dicom(data):
    import pydicom
    for path in sorted((data / "dicom").glob("*.dcm")):
        try:
            header = pydicom.dcmread(path, force=True, stop_before_pixels=True)
        except Exception:
            continue  # some are damaged on purpose
        modality = str(header.get("Modality", ""))
        if path.stem not in MAMMOGRAMS and modality not in MODALITIES:
            continue
        target = out / "decoded.png"
        done = subprocess.run(["dcmj2pnm", "--write-png", "+Wh", "1", "--frame", "1", path, target],
                              capture_output=True)
        if done.returncode != 0:
            done = subprocess.run(["dcmj2pnm", "--write-png", "--frame", "1", path, target],
                                  capture_output=True)
        if done.returncode != 0:
            continue  # a transfer syntax that DCMTK has not
        image = Image.open(target).convert("RGB")
        group = str(header.get("StudyInstanceUID", path.stem))
        if path.stem in MAMMOGRAMS:
            image.thumbnail((1200, 1200), Image.BOX)
            save(image.convert("L"), "film", "film_digital", "grey_not_film", path.stem, "test",
                 path.stem)
        elif min(image.size) >= SIDE:
            whole_and_small(image, "radiology", "grey_not_film", group, path.stem)


def unpacked(package):
    folder = out.parent / "packages"
    target = folder / package
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, target], check=True)
    return target


def opened(path):
    try:
        image = Image.open(path)
        image.load()
    except Exception:
        return None
    if image.mode in ("RGBA", "LA", "P"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB") if min(image.size) >= SIDE else None


def package(name, family, reason, pattern, least=SIDE):
    found = [path for path in sorted(unpacked(name).rglob("*"))
             if re.search(pattern, str(path)) and path.suffix.lower() in
             (".png", ".jpg", ".jpeg", ".webp", ".gif") and not path.is_symlink()]
    rng(family).shuffle(found)
    taken = 0
    for path in found:
        image = opened(path)
        if image is None or min(image.size) < least or taken == PER_PACKAGE:
            continue
        taken += 1
        whole_and_small(image, family, reason, path.stem, f"{name}_{taken:03}")


SKIMAGE_PHOTOGRAPHS = r"data/(astronaut|chelsea|coffee|hubble|rocket|motorcycle|brick|grass|gravel|"
SKIMAGE_PHOTOGRAPHS += r"camera|coins|moon|china|flower)"
OPENCV_DRAWINGS = r"examples/data/(alphabet|blox|cards|chessboard|detect|digits|ellipses|gradient|"
OPENCV_DRAWINGS += r"imageText|LinuxLogo|ml|notes|opencv-logo|pca|pic|sudoku|text|Windows)"


def packages():
    package("gnome-backgrounds", "wallpapers", "photograph", r"backgrounds/")
    package("mate-backgrounds", "wallpapers", "photograph", r"backgrounds/mate")
    package("opencv-doc", "opencv_photographs", "photograph",
            r"examples/data/(?!%s)" % OPENCV_DRAWINGS.split("(", 1)[1][:-1], 100)
    package("python3-skimage", "skimage_photographs", "photograph", SKIMAGE_PHOTOGRAPHS)
    package("python3-sklearn", "skimage_photographs", "photograph", SKIMAGE_PHOTOGRAPHS)
    package("python3-skimage", "eye", "photograph", r"data/(retina|microaneurysms)")
    package("gimp-help-en", "gimp_screenshots", "drawing", r"images/(dialogs|menus|tool-options)/",
            80)
    package("gnome-user-docs", "gnome_figures", "drawing", r"help/C/", 80)
    package("opencv-doc", "diagrams", "drawing", r"opencv4/html/", 100)
    package("opencv-doc", "diagrams", "drawing", OPENCV_DRAWINGS)
    ihc = opened(next(unpacked("python3-skimage").rglob("ihc.png")))
    whole_and_small(ihc, "ihc", "other_stain", "ihc", "ihc")
    for index in range(64):
        x, y = index % 8 * 60, index // 8 * 60
        save(ihc.crop((x, y, x + SIDE, y + SIDE)), "ihc", "ihc_crop", "other_stain", "ihc", "both",
             f"{index}")
        if index < 16:
            x, y = index % 4 * 100, index // 4 * 100
            part = ihc.crop((x, y, x + 200, y + 200)).resize((SIDE, SIDE), Image.BOX)
            save(part, "ihc", "ihc_reduced", "other_stain", "ihc", "both", f"{index}")


def magnetic_resonance():
    import gzip
    for name in ("ch2", "ch2bet", "ch2better"):
        packed = next(unpacked("mricron-data").rglob(f"{name}.nii.gz"))
        raw = gzip.decompress(packed.read_bytes())
        width, height, depth = map(int, np.frombuffer(raw, "<i2", 3, 42))
        kind = {2: "<u1", 4: "<i2", 16: "<f4"}[int(np.frombuffer(raw, "<i2", 1, 70)[0])]
        start = int(np.frombuffer(raw, "<f4", 1, 108)[0])
        volume = np.frombuffer(raw, kind, width * height * depth, start).astype(float)
        volume = volume.reshape(depth, height, width)
        volume = np.clip(volume / np.percentile(volume, 99.8) * 255, 0, 255).astype(np.uint8)
        for part in (0.35, 0.5, 0.6):
            for axis, view in enumerate("axial coronal sagittal".split()):
                plane = np.flipud(np.take(volume, int(part * volume.shape[axis]), axis))
                whole_and_small(Image.fromarray(plane).convert("RGB"), "mr_atlas", "grey_not_film",
                                "ch2", f"{name}_{view}_{int(part * 100)}")


WORDS = "the section was stained with haematoxylin and eosin at four microns per pixel and read"


def text_pages():
    fonts = sorted(Path("/usr/share/fonts/truetype/dejavu").glob("*.ttf"))
    for index in range(60):
        random_ = rng(f"text {index}")
        ink, paper = random_.choice([("black", "white"), ("#222", "#f7f3ea"), ("#ddd", "#1e1e1e"),
                                     ("#06c", "white"), ("#fff", "#a03060")])
        image = Image.new("RGB", (random_.randint(50, 500), random_.randint(50, 400)), paper)
        draw = ImageDraw.Draw(image)
        size = random_.choice([9, 12, 16, 24, 40])
        font = ImageFont.truetype(str(random_.choice(fonts)), size)
        for y in range(4, image.height, int(size * 1.3)):
            line = " ".join(random_.choice(WORDS.split()) for _ in range(20))
            draw.text((4, y), line, fill=ink, font=font)
        if random_.random() < 0.4:
            draw.rectangle((0, 0, image.width, 20), fill=random_.choice(["#36c", "#c33", "#393"]))
        whole_and_small(image, "text", "drawing", f"{index}", f"{index}")


def patterns():
    for index in range(100):
        random_ = rng(f"pattern {index}")
        numbers = np.random.default_rng(index)
        side = random_.choice([50, 50, 120, 300])
        colour = numbers.integers(0, 256, 3)
        kind = index % 4
        if kind == 0:
            pixels = np.full((side, side, 3), colour)
        elif kind == 1:
            pixels = numbers.integers(0, 256, (side, side, 3))
        elif kind == 2:
            ramp = np.linspace(0, 1, side)[None, :, None]
            pixels = colour * ramp + numbers.integers(0, 256, 3) * (1 - ramp) + np.zeros(
                (side, 1, 1))
        else:
            pixels = colour + numbers.normal(0, random_.uniform(5, 50), (side, side, 3))
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
        save(image, "patterns", "patterns", "drawing", f"{index}", "both", f"{index}")


def main():
    global out
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    data, out = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    out.mkdir(parents=True, exist_ok=True)
    for step in (idc, breakhis, busi, mias, dicom):
        print(step.__name__, flush=True)
        step(data)
    for step in (packages, magnetic_resonance, text_pages, patterns):
        print(step.__name__, flush=True)
        step()
    with open(out / "list.tsv", "w") as file:
        for row in rows:
            file.write("\t".join(map(str, row)) + "\n")
    print(f"{len(rows)} images; packages: {', '.join(PACKAGES)}")


if __name__ == "__main__":
    main()
