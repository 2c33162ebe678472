"""Writes the pictures of PictureSweepTest, and the pixels that Pillow gives for each.

usage: make_pictures.py OUT.gz      needs pillow==13.0.0 and numpy==2.4.6; any other version of Pillow is refused

The file is one gzip stream. For each picture it contains the name (a short length, UTF-8), the encoded file (an int length, bytes), width
and height (two shorts) and the bytes of ImageOps.exif_transpose(Image.open(NAME)).convert("RGB"), all big-endian. Seeds are fixed: the
same versions write the same bytes. To add a case, add a line to the function of its format: add("name.ext", content). A picture that
Pillow does not read ends the script with an error.
"""
import gzip
import io
import struct
import sys
import warnings
import zlib

import numpy
import PIL
from PIL import Image, ImageCms, ImageOps

PILLOW = "13.0.0"
pictures = {}


def add(name, content):
    assert name not in pictures, name
    pictures[name] = content


def truth(content):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = Image.open(io.BytesIO(content))
        image = ImageOps.exif_transpose(image).convert("RGB")
    return struct.pack(">HH", *image.size) + image.tobytes()


def drawing(width=16, height=16, channels=3, seed=1):
    """Gradients, an edge and some noise: smooth enough for JPEG, uneven enough to reveal a wrong position or colour."""
    random = numpy.random.Generator(numpy.random.PCG64(seed))
    y, x = numpy.mgrid[0:height, 0:width]
    planes = []
    for c in range(channels):
        plane = 127 + 120 * numpy.sin((x * (c + 1) + 2.0 * y) / (3 + width / 6) + c)
        plane = numpy.where(x + y > width * (0.4 + 0.2 * c), 255 - plane, plane)
        planes.append(plane + random.normal(0, 4, plane.shape))
    return numpy.clip(numpy.stack(planes, -1), 0, 255).astype(numpy.uint8)


def photo(mode="RGB", width=16, height=16, seed=1):
    channels = {"L": 1, "RGB": 3, "CMYK": 4, "RGBA": 4, "LA": 2}[mode]
    values = drawing(width, height, channels, seed)
    return Image.fromarray(values[..., 0] if channels == 1 else values, mode)


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


# ---------------------------------------------------------------- JPEG

def segments(jpeg):
    """The segments before the first scan as (marker, content), and the rest from the scan on."""
    at, found = 2, []
    while jpeg[at + 1] != 0xDA:
        length = struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        found.append((jpeg[at + 1], jpeg[at + 4:at + 2 + length]))
        at += 2 + length
    return found, jpeg[at:]


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def joined(found, scan):
    return b"\xff\xd8" + b"".join(segment(*one) for one in found) + scan


JFIF = (0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def adobe(transform):
    return (0xEE, b"Adobe\0\x64\0\0\0\0" + bytes((transform,)))


def remarked(jpeg, before=(), ids=None, sampling=None):
    """The same scan with other application segments, component identifiers or sampling factors."""
    found, scan = segments(jpeg)
    kept = [one for one in found if not 0xE0 <= one[0] <= 0xEF]
    result = []
    for marker, content in kept:
        if marker in (0xC0, 0xC1, 0xC2):
            content = bytearray(content)
            for i in range(content[5]):
                if ids:
                    content[6 + 3 * i] = ids[i]
                if sampling:
                    content[7 + 3 * i] = sampling[i]
            content = bytes(content)
        result.append((marker, content))
    if ids:
        scan = bytearray(scan)
        for i in range(scan[4]):
            scan[5 + 2 * i] = ids[i]
        scan = bytes(scan)
    return joined(list(before) + result, scan)


def with_segments(jpeg, *extra):
    found, scan = segments(jpeg)
    first = 1 if found[0][0] == 0xE0 else 0
    return joined(found[:first] + list(extra) + found[first:], scan)


def jpegs():
    rgb = photo()
    plain = saved(rgb, "JPEG", quality=90, subsampling=0)
    grey = saved(photo("L"), "JPEG", quality=90)
    cmyk = saved(photo("CMYK"), "JPEG", quality=92)
    add("jpeg_grey.jpg", grey)
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        for width, height in ((40, 24), (33, 17), (16, 9), (5, 3), (1, 1)):
            image = photo(width=width, height=height)
            add(f"jpeg_{name}_{width}x{height}.jpg", saved(image, "JPEG", quality=90, subsampling=subsampling))
        add(f"jpeg_{name}_progressive.jpg",
            saved(photo(width=37, height=21), "JPEG", quality=85, subsampling=subsampling, progressive=True))
        add(f"jpeg_{name}_restart.jpg",
            saved(photo(width=40, height=40), "JPEG", quality=85, subsampling=subsampling, restart_marker_blocks=2))
    for quality in (5, 40, 75, 100):
        add(f"jpeg_quality{quality}.jpg", saved(rgb, "JPEG", quality=quality, optimize=True))
    # The blocks of 4:2:2 are those of 4:4:0 in another arrangement; those of 4:2:0 those of 4:1:1 and of its transpose.
    two = saved(photo(width=32, height=32), "JPEG", quality=95, subsampling=1)
    four = saved(photo(width=32, height=32), "JPEG", quality=95, subsampling=2)
    add("jpeg_440.jpg", remarked(two, [JFIF], sampling=(0x12, 0x11, 0x11)))
    add("jpeg_411.jpg", remarked(four, [JFIF], sampling=(0x41, 0x11, 0x11)))
    add("jpeg_4x1_rows.jpg", remarked(four, [JFIF], sampling=(0x14, 0x11, 0x11)))
    add("jpeg_440_odd.jpg", remarked(saved(photo(width=16, height=15), "JPEG", subsampling=1), [JFIF], sampling=(0x12, 0x11, 0x11)))
    add("jpeg_grey_sampled.jpg", remarked(grey, [JFIF], sampling=(0x22,)))
    add("jpeg_444_sampled.jpg", remarked(plain, [JFIF], sampling=(0x11, 0x11, 0x11)))

    identifiers = {"123": (1, 2, 3), "RGB": b"RGB", "012": (0, 1, 2), "rgb": b"rgb", "ijk": (1, 34, 35), "YCc": b"YCc", "000": (0, 0, 0)}
    for jfif in (False, True):
        for transform in (None, 0, 1, 2):
            before = ([JFIF] if jfif else []) + ([] if transform is None else [adobe(transform)])
            name = ("jfif" if jfif else "nojfif") + ("" if transform is None else f"_adobe{transform}")
            for ids, values in identifiers.items():
                add(f"jpeg_ids{ids}_{name}.jpg", remarked(plain, before, ids=values))
            for ids, values in {"1234": (1, 2, 3, 4), "CMYK": b"CMYK"}.items():
                add(f"jpeg_inks{ids}_{name}.jpg", remarked(cmyk, before, ids=values))
    add("jpeg_adobe_short.jpg", remarked(plain, [(0xEE, b"Adobe\0\x64")]))
    add("jpeg_jfif_short.jpg", remarked(plain, [(0xE0, b"JFIF\0\1\1")], ids=b"RGB"))
    add("jpeg_adobe_after_frame.jpg", (lambda parts: joined(parts[0] + [adobe(0)], parts[1]))(segments(remarked(plain))))
    add("jpeg_keep_rgb.jpg", saved(rgb, "JPEG", keep_rgb=True, quality=90))
    add("jpeg_inks_420.jpg", saved(photo("CMYK", 33, 19), "JPEG", subsampling=2))
    add("jpeg_inks_420_bare.jpg", remarked(saved(photo("CMYK", 33, 19), "JPEG", subsampling=2)))
    add("jpeg_inks_progressive.jpg", saved(photo("CMYK", 33, 19), "JPEG", progressive=True))

    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = swapped_profile(srgb)
    grey_profile = grey_icc()
    half = len(swapped) // 2

    def icc(content, number=1, of=1):
        return (0xE2, b"ICC_PROFILE\0" + bytes((number, of)) + content)

    profiles = {
        "srgb": [icc(srgb)],
        "swapped": [icc(swapped)],
        "grey": [icc(grey_profile)],
        "empty": [icc(b"")],
        "bare": [(0xE2, b"ICC_PROFILE\0\1\1")],
        "damaged": [icc(swapped[:100] + bytes(60) + swapped[160:])],
        "cut": [icc(swapped[:half])],
        "disordered": [icc(swapped[half:], 2, 2), icc(swapped[:half], 1, 2)],
        "incomplete": [icc(swapped[:half], 1, 3)],
        "twice": [icc(swapped), icc(swapped)],
        "number0": [icc(swapped, 0, 0)],
    }
    for name, extra in profiles.items():
        add(f"icc_{name}_rgb.jpg", with_segments(plain, *extra))
        if name in ("swapped", "grey", "damaged", "disordered"):
            add(f"icc_{name}_grey.jpg", with_segments(grey, *extra))
            add(f"icc_{name}_inks.jpg", with_segments(cmyk, *extra))

    found, scan = segments(plain)
    add("jpeg_sos_spectrum.jpg", joined(found, scan[:11] + bytes((0, 0, 0)) + scan[14:]))
    add("jpeg_sos_approximation.jpg", joined(found, scan[:11] + bytes((0, 63, 0x11)) + scan[14:]))
    add("jpeg_junk_between.jpg", b"\xff\xd8" + segment(*found[0]) + b"junk" + b"".join(segment(*one) for one in found[1:]) + b"\0\0" + scan)
    add("jpeg_fill_bytes.jpg", b"\xff\xd8" + b"".join(b"\xff\xff" + segment(*one) for one in found) + b"\xff\xff" + scan)
    add("jpeg_standard_huffman_tables_left_out.jpg", joined([one for one in found if one[0] != 0xC4], scan))
    add("jpeg_junk_after.jpg", plain + b"\0" * 20 + plain)
    add("jpeg_comment.jpg", with_segments(plain, (0xFE, b"\xff\xd9\xff\xda"), (0xED, b"Photoshop 3.0\0 8BIM")))
    add("jpeg_lacks_data.jpg", saved(photo(width=40, height=40), "JPEG", quality=90)[:-200] + b"\xff\xd9")
    add("jpeg_flipped_byte.jpg", flipped(saved(photo(width=40, height=40), "JPEG", quality=90, restart_marker_blocks=2), -300))
    add("jpeg_truncated_jfif_thumbnail.jpg", remarked(plain, [(0xE0, JFIF[1][:-2] + b"\x10\x10")]))


def flipped(content, at):
    result = bytearray(content)
    if result[at] != 0xFF and result[at - 1] != 0xFF:
        result[at] ^= 0x20
    return bytes(result)


def swapped_profile(srgb):
    """The sRGB profile with the colorants of red and blue exchanged. A decoder that applies it gives clearly different colours."""
    count = struct.unpack(">I", srgb[128:132])[0]
    tags = {srgb[132 + 12 * i:136 + 12 * i]: 132 + 12 * i for i in range(count)}
    result = bytearray(srgb)
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    result[red:red + 4], result[blue:blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(result)


def grey_icc():
    """A version 2 profile of a grey with gamma 4: white point and curve."""
    curve = b"curv\0\0\0\0" + struct.pack(">IHH", 1, 4 << 8, 0)
    white = b"XYZ \0\0\0\0" + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    head = bytearray(128)
    head[8:12] = b"\2\x20\0\0"
    head[12:16], head[16:20], head[20:24], head[36:40] = b"mntr", b"GRAY", b"XYZ ", b"acsp"
    head[68:80] = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    profile = head + table + white + curve
    profile[0:4] = struct.pack(">I", len(profile))
    return bytes(profile)


# ---------------------------------------------------------------- Exif

def tiff(entries, order=">", prefix=b"", tail=b"", next_directory=True):
    """A TIFF block with one directory of (tag, type, count, four bytes or a number)."""
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "I", 8)
    body = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack(order + "HHI", tag, kind, count)
        body += value if isinstance(value, bytes) else struct.pack(order + "I", value)
    return prefix + head + body + (bytes(4) if next_directory else b"") + tail


def short(value, order=">"):
    return struct.pack(order + "HH", value, 0)


def xmp(orientation):
    return (b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % orientation)


def exifs():
    image = photo(width=20, height=12)
    jpeg = saved(image, "JPEG", quality=92, subsampling=0)
    app1 = b"Exif\0\0"
    tag = 0x0112
    for orientation in range(1, 9):
        block = tiff([(tag, 3, 1, short(orientation))])
        add(f"exif_{orientation}.jpg", with_segments(jpeg, (0xE1, app1 + block)))
        add(f"exif_{orientation}.png", png(image, extra_before=[(b"eXIf", block)]))
        add(f"xmp_{orientation}.jpg", with_segments(jpeg, (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(orientation))))
    offset = 8 + 2 + 12 + 4
    blocks = {
        "little": tiff([(tag, 3, 1, short(6, "<"))], "<"),
        "long": tiff([(tag, 4, 1, 6)]),
        "long_little": tiff([(tag, 4, 1, 6)], "<"),
        "byte": tiff([(tag, 1, 1, b"\6\0\0\0")]),
        "ascii": tiff([(tag, 2, 2, b"6\0\0\0")]),
        "signed_byte": tiff([(tag, 6, 1, b"\6\0\0\0")]),
        "undefined": tiff([(tag, 7, 1, b"\6\0\0\0")]),
        "signed_short": tiff([(tag, 8, 1, short(6))]),
        "signed_long": tiff([(tag, 9, 1, 6)]),
        "float": tiff([(tag, 11, 1, struct.pack(">f", 6))]),
        "float_fraction": tiff([(tag, 11, 1, struct.pack(">f", 6.5))]),
        "rational": tiff([(tag, 5, 1, offset)], tail=struct.pack(">II", 12, 2)),
        "double": tiff([(tag, 12, 1, offset)], tail=struct.pack(">d", 6)),
        "directory": tiff([(tag, 13, 1, 6)]),
        "unknown_type": tiff([(tag, 99, 1, short(6))]),
        "two_values": tiff([(tag, 3, 2, struct.pack(">HH", 6, 3))]),
        "three_values": tiff([(tag, 3, 3, offset)], tail=struct.pack(">HHH", 8, 6, 3)),
        "no_values": tiff([(tag, 3, 0, short(6))]),
        "zero": tiff([(tag, 3, 1, short(0))]),
        "nine": tiff([(tag, 3, 1, short(9))]),
        "tag_twice": tiff([(tag, 3, 1, short(6)), (tag, 3, 1, short(3))]),
        "bad_tag_first": tiff([(tag, 99, 1, short(6)), (tag, 3, 1, short(3))]),
        "after_others": tiff([(0x010F, 2, 3, b"abc\0"), (0x0110, 2, 8, 8), (tag, 3, 1, short(8))]),
        "after_outside": tiff([(0x010F, 2, 20, 60000), (tag, 3, 1, short(8))]),
        "after_huge": tiff([(0x010F, 2, 0x7FFFFFFF, 8), (tag, 3, 1, short(8))]),
        "no_next": tiff([(tag, 3, 1, short(5))], next_directory=False),
        "fewer_entries": tiff([(tag, 3, 1, short(5))]).replace(b"\0\1\1\x12", b"\0\5\1\x12"),
        "prefix_twice": app1 + tiff([(tag, 3, 1, short(7))]),
        "empty_directory": tiff([]),
    }
    for name, block in blocks.items():
        add(f"exif_{name}.jpg", with_segments(jpeg, (0xE1, app1 + block)))
        if name in ("little", "long", "tag_twice", "prefix_twice", "rational"):
            add(f"exif_{name}.png", png(image, extra_before=[(b"eXIf", block)]))
    six, three = tiff([(tag, 3, 1, short(6))]), tiff([(tag, 3, 1, short(3))])
    packet = b"http://ns.adobe.com/xap/1.0/\0"
    add("exif_two_segments.jpg", with_segments(jpeg, (0xE1, app1 + six), (0xE1, app1 + three)))
    add("exif_three_segments.jpg", with_segments(jpeg, (0xE1, app1 + six), (0xE1, app1 + three), (0xE1, app1 + three)))
    add("exif_empty_then_full.jpg", with_segments(jpeg, (0xE1, app1), (0xE1, app1 + six)))
    add("exif_split.jpg", with_segments(jpeg, (0xE1, app1 + six[:15]), (0xE1, app1 + six[15:])))
    add("exif_and_xmp.jpg", with_segments(jpeg, (0xE1, packet + xmp(3)), (0xE1, app1 + six)))
    add("exif_without_tag_and_xmp.jpg", with_segments(jpeg, (0xE1, app1 + tiff([(0x010F, 2, 3, b"abc\0")])), (0xE1, packet + xmp(3))))
    add("xmp_two.jpg", with_segments(jpeg, (0xE1, packet + xmp(3)), (0xE1, packet + xmp(6))))
    add("xmp_element.jpg", with_segments(jpeg, (0xE1, packet + b"<tiff:Orientation>8</tiff:Orientation>")))
    add("exif_after_frame.jpg", (lambda parts: joined(parts[0] + [(0xE1, app1 + six)], parts[1]))(segments(jpeg)))
    add("exif_grey.jpg", with_segments(saved(photo("L", 20, 12), "JPEG"), (0xE1, app1 + six)))
    add("exif_inks.jpg", with_segments(saved(photo("CMYK", 20, 12), "JPEG"), (0xE1, app1 + six)))
    add("exif_after_pixels.png", png(image, extra_after=[(b"eXIf", six)]))
    add("exif_two_chunks.png", png(image, extra_before=[(b"eXIf", six), (b"eXIf", three)]))
    raw = ("\nexif\n%8d\n%s\n" % (len(six) + 6, (app1 + six).hex())).encode()
    add("exif_raw_profile_text.png", png(image, extra_before=[(b"tEXt", b"Raw profile type exif\0" + raw)]))
    add("exif_raw_profile_zip.png", png(image, extra_before=[(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw))]))
    text = b"XML:com.adobe.xmp\0"
    add("xmp.png", png(image, extra_before=[(b"iTXt", text + b"\0\0\0\0" + xmp(8))]))
    add("xmp_zip.png", png(image, extra_before=[(b"iTXt", text + b"\1\0\0\0" + zlib.compress(xmp(8)))]))
    add("xmp_and_exif.png", png(image, extra_before=[(b"iTXt", text + b"\0\0\0\0" + xmp(8)), (b"eXIf", six)]))


# ---------------------------------------------------------------- PNG

def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def packed_rows(samples, bits):
    """Each row of (H, W, channels) samples as bytes."""
    for row in samples:
        if bits == 16:
            yield row.astype(">u2").tobytes()
        elif bits == 8:
            yield row.astype(numpy.uint8).tobytes()
        else:
            flat = row.reshape(-1)
            per = 8 // bits
            flat = numpy.pad(flat, (0, -len(flat) % per))
            shifts = numpy.arange(per - 1, -1, -1) * bits
            yield (flat.reshape(-1, per) << shifts).sum(1).astype(numpy.uint8).tobytes()


def filtered(rows, step):
    """The rows with filters 0 to 4 in turn."""
    result, before = b"", None
    for number, row in enumerate(rows):
        kind = number % 5
        before = before or bytes(len(row))
        line = bytearray(row)
        for i in range(len(row)):
            a = row[i - step] if i >= step else 0
            b, c = before[i], before[i - step] if i >= step else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = row[i] - (0, a, b, (a + b) // 2, nearest)[kind] & 255
        result += bytes((kind,)) + bytes(line)
        before = row
    return result


def png(image, bits=8, colour=2, interlaced=False, palette=None, extra_before=(), extra_after=(), cuts=1):
    samples = numpy.asarray(image)
    samples = samples.reshape(samples.shape[0], samples.shape[1], -1).astype(int)
    height, width, channels = samples.shape
    step = max(1, channels * bits // 8)
    parts = [samples[y::down, x::right] for x, y, right, down in ADAM7] if interlaced else [samples]
    data = b"".join(filtered(packed_rows(part, bits), step) for part in parts if part.size)
    data = zlib.compress(data, 9)
    size = -(-len(data) // cuts)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced))
    content += b"".join(chunk(*one) for one in extra_before if one[0] in (b"iCCP", b"gAMA", b"cHRM", b"sRGB"))
    content += chunk(b"PLTE", palette) if palette else b""
    content += b"".join(chunk(*one) for one in extra_before if one[0] not in (b"iCCP", b"gAMA", b"cHRM", b"sRGB"))
    content += b"".join(chunk(b"IDAT", data[i:i + size]) for i in range(0, len(data), size))
    return content + b"".join(chunk(*one) for one in extra_after) + chunk(b"IEND", b"")


def pngs():
    random = numpy.random.Generator(numpy.random.PCG64(2))
    colours = random.integers(0, 256, 768, dtype=numpy.uint8).tobytes()
    for interlaced in (False, True):
        lace = "_interlaced" if interlaced else ""
        for bits in (1, 2, 4, 8):
            grey = drawing(13, 11, 1) >> 8 - bits
            add(f"png_grey{bits}{lace}.png", png(grey, bits, 0, interlaced))
            add(f"png_grey{bits}_transparent{lace}.png", png(grey, bits, 0, interlaced, extra_before=[(b"tRNS", b"\0\1")]))
            entries = colours[:3 << bits]
            add(f"png_palette{bits}{lace}.png", png(grey, bits, 3, interlaced, entries))
            add(f"png_palette{bits}_transparent{lace}.png", png(grey, bits, 3, interlaced, entries, extra_before=[(b"tRNS", b"\0\x80")]))
            add(f"png_palette{bits}_short{lace}.png", png(grey, bits, 3, interlaced, colours[:3 << bits - 1]))
        deep = drawing(13, 11, 4).astype(int) * 257 ^ 37
        add(f"png_grey16{lace}.png", png(deep[..., :1], 16, 0, interlaced))
        add(f"png_grey16_dark{lace}.png", png(deep[..., :1] >> 7, 16, 0, interlaced))
        add(f"png_grey_alpha8{lace}.png", png(deep[..., :2] >> 8, 8, 4, interlaced))
        add(f"png_grey_alpha16{lace}.png", png(deep[..., :2], 16, 4, interlaced))
        add(f"png_rgb8{lace}.png", png(deep[..., :3] >> 8, 8, 2, interlaced))
        add(f"png_rgb8_transparent{lace}.png",
            png(deep[..., :3] >> 8, 8, 2, interlaced, extra_before=[(b"tRNS", struct.pack(">HHH", *(deep[0, 0, :3] >> 8)))]))
        add(f"png_rgb16{lace}.png", png(deep[..., :3], 16, 2, interlaced))
        add(f"png_rgba8{lace}.png", png(deep >> 8, 8, 6, interlaced))
        add(f"png_rgba16{lace}.png", png(deep, 16, 6, interlaced))
        for width, height in ((1, 1), (3, 2), (1, 9), (5, 1)):
            add(f"png_{width}x{height}{lace}.png", png(drawing(width, height), 8, 2, interlaced))
    rgb, grey = drawing(13, 11), drawing(13, 11, 1)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profiles = {
        "swapped": b"a\0\0" + zlib.compress(swapped_profile(srgb), 9),
        "grey": b"a\0\0" + zlib.compress(grey_icc()),
        "damaged": b"a\0\0" + zlib.compress(swapped_profile(srgb)[:200]),
        "not_compressed": b"a\0\0" + b"no zlib stream",
        "empty": b"a\0\0",
    }
    for name, content in profiles.items():
        add(f"icc_{name}_rgb.png", png(rgb, extra_before=[(b"iCCP", content)]))
        add(f"icc_{name}_grey.png", png(grey, 8, 0, extra_before=[(b"iCCP", content)]))
        add(f"icc_{name}_palette.png", png(grey, 8, 3, palette=colours, extra_before=[(b"iCCP", content)]))
    gamma = [(b"gAMA", struct.pack(">I", 220000)), (b"cHRM", struct.pack(">8I", *range(10000, 90000, 10000)))]
    add("png_gamma_rgb.png", png(rgb, extra_before=gamma))
    add("png_gamma_grey.png", png(grey, 8, 0, extra_before=gamma))
    add("png_gamma_grey16.png", png(grey.astype(int) * 256, 16, 0, extra_before=gamma))
    add("png_srgb_short.png", png(rgb, extra_before=[(b"sRGB", b"\0")]))
    add("png_many_chunks.png", png(rgb, cuts=40))
    add("png_background.png", png(rgb, extra_before=[(b"bKGD", b"\0\1\0\2\0\3"), (b"pHYs", struct.pack(">IIB", 3, 1, 0)), (b"tIME", bytes(7))]))
    add("png_palette_in_rgb.png", png(rgb, palette=colours))
    add("png_unknown_chunk.png", png(rgb, extra_before=[(b"abCd", b"xyz")], extra_after=[(b"teSt", b"xyz")]))
    whole = png(rgb)
    add("png_no_end.png", whole[:-12])
    add("png_pixel_checksum.png", flipped(whole, len(whole) - 13))
    add("png_saved_1.png", saved(photo("L").convert("1"), "PNG"))
    add("png_saved_palette.png", saved(photo().quantize(17), "PNG"))
    add("png_saved_animation.png", saved(photo(), "PNG", save_all=True, append_images=[photo(seed=3), photo(seed=4)]))
    add("png_saved_default_image.png",
        saved(photo(), "PNG", save_all=True, default_image=True, append_images=[photo(seed=3), photo(seed=4)]))


# ---------------------------------------------------------------- GIF

def gif_parts(gif):
    """The global palette, and the frame's block after its descriptor: the compressed data with the end mark."""
    entries = 2 << (gif[10] & 7) if gif[10] & 128 else 0
    at = 13 + 3 * entries
    while gif[at] != 0x2C:
        at += 2
        while gif[at]:
            at += 1 + gif[at]
        at += 1
    return gif[13:13 + 3 * entries], gif[at:at + 10], gif[at + 10:]


def gif(frame, canvas=None, place=(0, 0), transparent=None, local=False, global_palette=True, background=0, before=b""):
    palette, descriptor, data = gif_parts(frame)
    width, height = struct.unpack("<HH", descriptor[5:9])
    bits = (len(palette) // 3).bit_length() - 2
    flags = (0x80 | bits if global_palette else 0) | 0x70
    content = b"GIF89a" + struct.pack("<HHBBB", *(canvas or (width, height)), flags, background, 0)
    content += (palette[::-1] if local else palette) if global_palette else b""
    content += before
    if transparent is not None:
        content += b"!\xf9\4" + struct.pack("<BHBB", 1, 0, transparent, 0)
    content += b"," + struct.pack("<HHHHB", *place, width, height, descriptor[9] & 0x40 | (0x80 | bits if local else 0))
    return content + (palette if local else b"") + data


def gifs():
    for colours in (2, 3, 4, 16, 17, 256):
        image = photo(width=20, height=14).quantize(colours)
        add(f"gif_{colours}.gif", saved(image, "GIF", interlace=0))
        add(f"gif_{colours}_interlaced.gif", saved(image, "GIF", interlace=1))
        add(f"gif_{colours}_transparent.gif", saved(image, "GIF", transparency=1))
    add("gif_grey.gif", saved(photo("L"), "GIF"))
    frame = saved(photo(width=20, height=14).quantize(30), "GIF", interlace=0)
    add("gif_canvas.gif", gif(frame, (40, 30), (7, 5)))
    add("gif_canvas_background.gif", gif(frame, (40, 30), (7, 5), background=9))
    add("gif_canvas_transparent.gif", gif(frame, (40, 30), (7, 5), transparent=12))
    add("gif_canvas_transparent_background.gif", gif(frame, (40, 30), (20, 16), transparent=12, background=3))
    add("gif_canvas_local.gif", gif(frame, (40, 30), (7, 5), local=True))
    add("gif_canvas_local_only.gif", gif(frame, (40, 30), (7, 5), local=True, global_palette=False))
    add("gif_no_palette.gif", gif(frame, (40, 30), (7, 5), global_palette=False))
    add("gif_no_palette_transparent.gif", gif(frame, (40, 30), (7, 5), global_palette=False, transparent=200))
    add("gif_beyond_canvas.gif", gif(frame, (12, 10), (3, 2)))
    add("gif_beyond_canvas_transparent.gif", gif(frame, (12, 40), (3, 2), transparent=7))
    add("gif_extensions.gif", gif(frame, before=b"!\xfe\5hello\0!\xff\x0bNETSCAPE2.0\3\1\0\0\0!\x01\x0c" + bytes(12) + b"\0"))
    add("gif_87a.gif", b"GIF87a" + gif(frame)[6:])
    add("gif_no_end.gif", gif(frame)[:-1])
    add("gif_transparent_beyond_palette.gif", gif(frame, (40, 30), (7, 5), transparent=250))
    frames = [photo(width=20, height=14, seed=seed).quantize(20) for seed in (1, 2, 3)]
    add("gif_animation.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=2, duration=50))
    add("gif_large.gif", saved(photo(width=90, height=70).quantize(256), "GIF", interlace=1))


# ---------------------------------------------------------------- BMP

def bmp(data, width, height, bits, compression=0, palette=b"", masks=b"", header=40, colours=0, gap=0, extra=b""):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 0, 0, colours, 0)
        info += masks[:header - 40]
        info += bytes(max(0, header - len(info)))
        masks = masks if header == 40 else b""
    rest = info + masks + palette + bytes(gap)
    return b"BM" + struct.pack("<IHHI", 14 + len(rest) + len(data), 0, 0, 14 + len(rest)) + rest + data + extra


def rows(samples, bits, top_down=False):
    lines = list(packed_rows(samples, bits))
    return b"".join(line + bytes(-len(line) % 4) for line in (lines if top_down else lines[::-1]))


def bmps():
    random = numpy.random.Generator(numpy.random.PCG64(5))
    rgb = drawing(13, 11).astype(int)
    for bits in (1, 4, 8):
        indices = drawing(13, 11, 1) >> 8 - bits
        palette = random.integers(0, 256, (1 << bits, 4), dtype=numpy.uint8)
        greys = numpy.repeat(numpy.linspace(0, 255, 1 << bits).astype(numpy.uint8), 4).tobytes()
        add(f"bmp_palette{bits}.bmp", bmp(rows(indices, bits), 13, 11, bits, palette=palette.tobytes()))
        add(f"bmp_palette{bits}_top_down.bmp", bmp(rows(indices, bits, True), 13, -11, bits, palette=palette.tobytes()))
        add(f"bmp_palette{bits}_os2.bmp", bmp(rows(indices, bits), 13, 11, bits, palette=palette[:, :3].tobytes(), header=12))
        add(f"bmp_palette{bits}_grey.bmp", bmp(rows(indices, bits), 13, 11, bits, palette=greys))
        few = (1 << bits) * 3 // 4 or 1
        add(f"bmp_palette{bits}_few.bmp", bmp(rows(indices % few, bits), 13, 11, bits, palette=palette[:few].tobytes(), colours=few))
        add(f"bmp_palette{bits}_gap.bmp", bmp(rows(indices, bits), 13, 11, bits, palette=palette.tobytes(), gap=10))
        for header in (52, 56, 64, 108, 124):
            add(f"bmp_palette{bits}_header{header}.bmp", bmp(rows(indices, bits), 13, 11, bits, palette=palette.tobytes(), header=header))
    bgr = rows(rgb[..., ::-1], 8)
    add("bmp_rgb24.bmp", bmp(bgr, 13, 11, 24))
    add("bmp_rgb24_top_down.bmp", bmp(rows(rgb[..., ::-1], 8, True), 13, -11, 24))
    add("bmp_rgb24_os2.bmp", bmp(bgr, 13, 11, 24, header=12))
    add("bmp_rgb24_header124.bmp", bmp(bgr, 13, 11, 24, header=124))
    add("bmp_rgb24_after.bmp", bmp(bgr, 13, 11, 24, extra=b"more"))
    four = numpy.concatenate([rgb[..., ::-1], drawing(13, 11, 4)[..., 3:]], -1)
    add("bmp_rgb32.bmp", bmp(rows(four, 8), 13, 11, 32))
    add("bmp_rgb32_header108.bmp", bmp(rows(four, 8), 13, 11, 32, header=108))
    layouts = {
        "bgrx": (0xFF0000, 0xFF00, 0xFF, 0), "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0), "bgxr": (0xFF000000, 0xFF00, 0xFF, 0),
        "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF), "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000), "bgar": (0xFF000000, 0xFF00, 0xFF, 0xFF0000), "zero": (0, 0, 0, 0),
    }
    for name, masks in layouts.items():
        content = struct.pack("<IIII", *masks)
        for header in (56, 124):
            add(f"bmp_fields_{name}_header{header}.bmp", bmp(rows(four, 8), 13, 11, 32, 3, masks=content, header=header))
        if masks[3] == 0:
            add(f"bmp_fields_{name}.bmp", bmp(rows(four, 8), 13, 11, 32, 3, masks=content[:12]))
    pixels = random.integers(0, 65536, (11, 13, 1))
    little = pixels >> 8 | (pixels & 255) << 8
    add("bmp_rgb16.bmp", bmp(rows(little, 16), 13, 11, 16))
    add("bmp_rgb16_top_down.bmp", bmp(rows(little, 16, True), 13, -11, 16))
    add("bmp_rgb16_555.bmp", bmp(rows(little, 16), 13, 11, 16, 3, masks=struct.pack("<III", 0x7C00, 0x3E0, 0x1F)))
    add("bmp_rgb16_565.bmp", bmp(rows(little, 16), 13, 11, 16, 3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)))
    add("bmp_rgb16_565_header108.bmp", bmp(rows(little, 16), 13, 11, 16, 3, masks=struct.pack("<IIII", 0xF800, 0x7E0, 0x1F, 0), header=108))
    palette = random.integers(0, 256, (256, 4), dtype=numpy.uint8).tobytes()
    eight = b"\5\7\0\3abc\0\5\3\0\0" + b"\3\x09\0\2\2\1\3\x11\0\0" + b"\0\4wxyz\2\5\0\0" + b"\1\x0b\0\0" + b"\x0d\x21\0\1"
    add("bmp_rle8.bmp", bmp(eight, 13, 5, 8, 1, palette=palette))
    add("bmp_rle8_header124.bmp", bmp(eight, 13, 5, 8, 1, palette=palette, header=124))
    add("bmp_rle8_long_run.bmp", bmp(b"\x20\7\0\0\3\1\0\0\xff\2\0\1", 13, 3, 8, 1, palette=palette))
    add("bmp_rle8_all_rows.bmp", bmp(b"\4\7\0\0\4\1\0\0", 4, 2, 8, 1, palette=palette))
    nibbles = b"\5\x7a\0\3\x12\x30\5\x3c\0\0" + b"\1\x90\0\2\2\1\3\x1e\0\0" + b"\0\4\x45\x67\2\x58\0\0" + b"\1\xb0\0\0" + b"\x0d\x2d\0\1"
    add("bmp_rle4.bmp", bmp(nibbles, 13, 5, 4, 2, palette=palette[:64]))
    add("bmp_saved.bmp", saved(photo(width=9, height=5), "BMP"))
    add("bmp_saved_grey.bmp", saved(photo("L", 9, 5), "BMP"))
    add("bmp_saved_1.bmp", saved(photo("L", 9, 5).convert("1"), "BMP"))
    add("bmp_saved_palette.bmp", saved(photo(width=9, height=5).quantize(9), "BMP"))
    add("bmp_saved_rgba.bmp", saved(photo("RGBA", 9, 5), "BMP"))


def main(out):
    if PIL.__version__ != PILLOW:
        sys.exit(f"make_pictures.py: Pillow {PILLOW} is needed, this is {PIL.__version__}")
    for make in (jpegs, exifs, pngs, gifs, bmps):
        make()
    failures, content_of_all = [], b""
    for name, content in pictures.items():
        try:
            expected = truth(content)
        except Exception as e:
            failures.append(f"{name}: {e!r}")
            continue
        content_of_all += struct.pack(">H", len(name)) + name.encode() + struct.pack(">I", len(content)) + content + expected
    with open(out, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as stream:
        stream.write(content_of_all)
    if failures:
        sys.exit("Pillow does not read:\n" + "\n".join(failures))
    print(f"{len(pictures)} pictures by Pillow {PILLOW}")


if __name__ == "__main__":
    main(sys.argv[1])
