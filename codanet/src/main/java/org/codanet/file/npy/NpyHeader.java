package org.codanet.file.npy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.codanet.file.ElementType;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;

/**
 * The validated header of a .npy file.
 *
 * @param type the element type
 * @param bigEndian whether the bytes of each element must be reversed
 * @param shape the extents; empty for a scalar
 * @param dataStart the position in the file of the first byte after the header
 * @param dataBytes the size of the array in bytes, which equals the number of bytes after the header
 */
record NpyHeader(ElementType type, boolean bigEndian, List<Integer> shape, long dataStart, long dataBytes) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    /** Maximum length of a header. NumPy itself refuses headers beyond 10,000 characters. */
    private static final int LIMIT = 65_535;

    private static final int ALIGNMENT = 64;
    /** One entry of the header's Python dictionary: a quoted key, and a string, a Boolean or a tuple of integers. */
    private static final Pattern ENTRY = Pattern.compile(
            "\\s*(['\"])(\\w+)\\1\\s*:\\s*((['\"])[^'\"]*\\4|True|False|\\([\\d\\s,L]*\\)|\\[[^{}]*\\])\\s*(,|$)");

    /**
     * {@return the header of an array}
     *
     * @param wanted which element types the caller wants, for the message that refuses others
     */
    static NpyHeader read(FileBytes bytes, String wanted) throws IOException {
        String file = bytes.name();
        if (bytes.size() == 0) {
            throw new FileFormatException(file, "is empty");
        }
        int preamble = MAGIC.length + 4;
        if (bytes.size() < preamble || !Arrays.equals(bytes.read(0, MAGIC.length, "the magic word"), MAGIC)) {
            throw new FileFormatException(file, "is not a .npy file: it does not begin with \\x93NUMPY");
        }
        byte[] head = bytes.read(MAGIC.length, 4, "the preamble");
        int major = head[0];
        long length;
        if (major == 1) {
            length = Byte.toUnsignedInt(head[2]) | Byte.toUnsignedInt(head[3]) << 8;
        } else if (major == 2 || major == 3) {
            byte[] more = bytes.read(preamble, 2, "the header length");
            length = Byte.toUnsignedLong(head[2])
                    | Byte.toUnsignedLong(head[3]) << 8
                    | Byte.toUnsignedLong(more[0]) << 16
                    | Byte.toUnsignedLong(more[1]) << 24;
            preamble += 2;
        } else {
            throw new FileFormatException(file, "has .npy version " + major + "." + head[1] + "; 1, 2 and 3 are read");
        }
        if (length > LIMIT) {
            throw new FileFormatException(file, "has a header of " + length + " bytes, more than " + LIMIT);
        }
        String text = new String(bytes.read(preamble, length, "the header"), StandardCharsets.UTF_8).strip();
        return of(bytes, entries(file, text), preamble + length, wanted);
    }

    private static Map<String, String> entries(String file, String text) throws FileFormatException {
        if (!text.startsWith("{") || !text.endsWith("}")) {
            throw new FileFormatException(file, "has a header that is not a Python dictionary");
        }
        String inner = text.substring(1, text.length() - 1).strip();
        Map<String, String> entries = new LinkedHashMap<>();
        Matcher matcher = ENTRY.matcher(inner);
        int at = 0;
        while (at < inner.length()) {
            matcher.region(at, inner.length());
            if (!matcher.lookingAt() || entries.put(matcher.group(2), matcher.group(3)) != null) {
                throw new FileFormatException(file, "has a header that cannot be read: " + text);
            }
            at = matcher.end();
        }
        return entries;
    }

    private static NpyHeader of(FileBytes in, Map<String, String> entries, long dataStart, String wanted)
            throws FileFormatException {
        String file = in.name();
        if (!entries.keySet().equals(Set.of("descr", "fortran_order", "shape"))) {
            throw new FileFormatException(
                    file, "has the header entries " + entries.keySet() + ", not descr, fortran_order and shape");
        }
        String descr = entries.get("descr");
        String name = descr.startsWith("[") ? descr : descr.substring(1, descr.length() - 1);
        boolean bigEndian = name.startsWith(">");
        ElementType type = ElementType.ofNumpyName(bigEndian ? "<" + name.substring(1) : name)
                .orElseThrow(() -> new FileFormatException(file, "has elements of type " + name + "; " + wanted));
        List<Integer> shape = shape(file, entries.get("shape"));
        if (entries.get("fortran_order").equals("True") && shape.size() > 1) {
            throw new FileFormatException(
                    file, "is in Fortran order; save it with numpy.save(file, numpy.ascontiguousarray(array))");
        }
        long bytes;
        try {
            bytes = Math.multiplyExact(TensorData.elements(shape), type.bytes());
        } catch (ArithmeticException e) {
            throw new FileFormatException(file, "has the impossible shape " + TensorData.shapeText(shape), e);
        }
        long given = in.size() - dataStart;
        if (given != bytes) {
            throw new FileFormatException(
                    file,
                    String.format(
                            Locale.ROOT,
                            "%s: %s %s takes %d bytes, the file has %d after its header",
                            given < bytes ? "is cut short" : "goes on after its array",
                            type,
                            TensorData.shapeText(shape),
                            bytes,
                            given));
        }
        return new NpyHeader(type, bigEndian, shape, dataStart, bytes);
    }

    private static List<Integer> shape(String file, String tuple) throws FileFormatException {
        List<Integer> shape = new ArrayList<>();
        for (String part : tuple.substring(1, tuple.length() - 1).split(",")) {
            String number = part.strip();
            if (!number.isEmpty()) {
                try {
                    shape.add(
                            Integer.valueOf(number.endsWith("L") ? number.substring(0, number.length() - 1) : number));
                } catch (NumberFormatException e) {
                    throw new FileFormatException(file, "has the impossible shape " + tuple, e);
                }
            }
        }
        return List.copyOf(shape);
    }

    /** Converts elements to little-endian, in place. */
    void order(byte[] elements) {
        if (bigEndian) {
            int width = type.bytes();
            for (int first = 0; first < elements.length; first += width) {
                for (int i = first, j = first + width - 1; i < j; i++, j--) {
                    byte swapped = elements[i];
                    elements[i] = elements[j];
                    elements[j] = swapped;
                }
            }
        }
    }

    /** {@return the header of such an array, padded as NumPy pads it} */
    static byte[] bytes(ElementType type, List<Integer> shape) {
        if (type.numpyName().isEmpty()) {
            throw new IllegalArgumentException(".npy has no element type for " + type + "; convert it to F32");
        }
        StringJoiner tuple = new StringJoiner(", ", "(", shape.size() == 1 ? ",)" : ")");
        shape.forEach(extent -> tuple.add(extent.toString()));
        String dictionary = String.format(
                Locale.ROOT, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type.numpyName(), tuple);
        int preamble = MAGIC.length + 4;
        int total = (preamble + dictionary.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        byte[] bytes = new byte[total];
        Arrays.fill(bytes, (byte) ' ');
        System.arraycopy(MAGIC, 0, bytes, 0, MAGIC.length);
        bytes[MAGIC.length] = 1;
        bytes[MAGIC.length + 1] = 0;
        bytes[MAGIC.length + 2] = (byte) (total - preamble);
        bytes[MAGIC.length + 3] = (byte) ((total - preamble) >>> 8);
        byte[] ascii = dictionary.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, bytes, preamble, ascii.length);
        bytes[total - 1] = '\n';
        return bytes;
    }
}
