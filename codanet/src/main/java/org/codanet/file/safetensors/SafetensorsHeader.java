package org.codanet.file.safetensors;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.file.ElementType;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.json.JsonFields;

/**
 * The validated header of a safetensors file.
 *
 * @param entries the tensors in the header's order
 * @param metadata the {@code __metadata__} entries in order; empty if there are none
 * @param dataStart the position in the file of the first byte after the header
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata, long dataStart) {
    static final String METADATA = "__metadata__";
    /** The format's own limit. */
    private static final long LIMIT = 100_000_000;

    /** One tensor: name, element type, extents, and the range of its bytes. The range is counted from the end of the header. */
    record Entry(String name, ElementType type, List<Integer> shape, long begin, long end) {}

    /** {@return the header, fully validated against the file's size} */
    static SafetensorsHeader read(FileBytes bytes) throws IOException {
        if (bytes.size() == 0) {
            throw new FileFormatException(bytes.name(), "is empty");
        }
        if (bytes.size() < Long.BYTES) {
            throw new FileFormatException(
                    bytes.name(), "is too short for a safetensors file: " + bytes.size() + " bytes");
        }
        long length = bytes.readLong(0, "the header length");
        if (length < 0 || length > bytes.size() - Long.BYTES) {
            throw new FileFormatException(
                    bytes.name(),
                    String.format(
                            Locale.ROOT,
                            "is not a safetensors file or is cut short: its header should have %s bytes, the file has %d in all",
                            Long.toUnsignedString(length),
                            bytes.size()));
        }
        if (length > LIMIT) {
            throw new FileFormatException(
                    bytes.name(), "the header of " + length + " bytes exceeds the format's limit of " + LIMIT);
        }
        String json;
        try {
            json = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.read(Long.BYTES, length, "the header")))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new FileFormatException(bytes.name(), "the header is not UTF-8", e);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> entries = new Parser(bytes.name(), json).parse(metadata);
        long dataStart = Long.BYTES + length;
        checkRanges(bytes.name(), entries, bytes.size() - dataStart);
        return new SafetensorsHeader(entries, metadata, dataStart);
    }

    private static void checkRanges(String file, List<Entry> entries, long dataSize) throws FileFormatException {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long reached = 0;
        String before = "";
        for (Entry entry : sorted) {
            if (entry.end() > dataSize) {
                throw new FileFormatException(
                        file,
                        String.format(
                                Locale.ROOT,
                                "tensor %s ends at byte %d of the data, which has %d: the file is cut short or damaged",
                                entry.name(),
                                entry.end(),
                                dataSize));
            }
            if (entry.begin() < reached) {
                throw new FileFormatException(file, "the data of " + before + " and " + entry.name() + " overlap");
            }
            if (entry.begin() > reached) {
                throw new FileFormatException(
                        file, (entry.begin() - reached) + " bytes before tensor " + entry.name() + " belong to none");
            }
            reached = entry.end();
            before = entry.name();
        }
        if (reached != dataSize) {
            throw new FileFormatException(file, (dataSize - reached) + " bytes after the last tensor belong to none");
        }
    }

    /** Reads the JSON text token by token, because a tree would hide names that occur twice. */
    private static final class Parser {
        private final String file;
        private final String json;
        private final JsonReader reader;

        Parser(String file, String json) {
            this.file = file;
            this.json = json;
            this.reader = new JsonReader(new StringReader(json));
            reader.setStrictness(Strictness.STRICT);
        }

        List<Entry> parse(Map<String, String> metadata) throws IOException {
            if (!json.startsWith("{")) {
                throw problem("is not a safetensors file: its header is not a JSON object");
            }
            Map<String, Entry> entries = new LinkedHashMap<>();
            boolean metadataSeen = false;
            try {
                reader.beginObject();
                while (reader.hasNext()) {
                    String name = reader.nextName();
                    if (name.equals(METADATA)) {
                        if (metadataSeen) {
                            throw problem(METADATA + " occurs twice in the header");
                        }
                        metadataSeen = true;
                        parseMetadata(metadata);
                    } else if (entries.put(name, parseEntry(name)) != null) {
                        throw problem("tensor " + name + " occurs twice in the header");
                    }
                }
                reader.endObject();
                if (reader.peek() != JsonToken.END_DOCUMENT) {
                    throw problem("the header goes on after its JSON object");
                }
            } catch (FileFormatException e) {
                throw e;
            } catch (IOException | IllegalStateException | NumberFormatException e) {
                throw new FileFormatException(file, "the header is not valid JSON" + JsonFields.place(e), e);
            }
            return List.copyOf(entries.values());
        }

        private void parseMetadata(Map<String, String> metadata) throws IOException {
            reader.beginObject();
            while (reader.hasNext()) {
                String key = reader.nextName();
                if (reader.peek() != JsonToken.STRING) {
                    throw problem(METADATA + " entry " + key + " is not a string");
                }
                if (metadata.put(key, reader.nextString()) != null) {
                    throw problem(METADATA + " entry " + key + " occurs twice");
                }
            }
            reader.endObject();
        }

        private Entry parseEntry(String name) throws IOException {
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw problem("tensor " + name + " is not described by a JSON object");
            }
            ElementType type = null;
            List<Long> shape = null;
            List<Long> offsets = null;
            reader.beginObject();
            while (reader.hasNext()) {
                String key = reader.nextName();
                switch (key) {
                    case "dtype" -> {
                        String dtype = reader.nextString();
                        type = ElementType.named(dtype)
                                .orElseThrow(() -> problem("tensor " + name + " has the unsupported dtype " + dtype));
                    }
                    case "shape" -> shape = parseNumbers(name);
                    case "data_offsets" -> offsets = parseNumbers(name);
                    default -> throw problem("tensor " + name + " has the unknown field " + key);
                }
            }
            reader.endObject();
            if (type == null || shape == null || offsets == null) {
                throw problem("tensor " + name + " lacks one of dtype, shape and data_offsets");
            }
            return checked(name, type, shape, offsets);
        }

        private Entry checked(String name, ElementType type, List<Long> shape, List<Long> offsets)
                throws FileFormatException {
            if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
                throw problem("tensor " + name + " has data_offsets " + offsets + ", not a begin and an end");
            }
            List<Integer> extents = new ArrayList<>();
            long wanted = type.bytes();
            try {
                for (long extent : shape) {
                    extents.add(Math.toIntExact(extent));
                    wanted = Math.multiplyExact(wanted, extent);
                }
            } catch (ArithmeticException e) {
                throw problem("tensor " + name + " has the impossible shape " + TensorData.shapeText(shape));
            }
            long given = offsets.get(1) - offsets.get(0);
            if (wanted != given) {
                throw problem(String.format(
                        Locale.ROOT,
                        "tensor %s of %s %s takes %d bytes, its data_offsets span %d",
                        name,
                        type,
                        TensorData.shapeText(extents),
                        wanted,
                        given));
            }
            return new Entry(name, type, List.copyOf(extents), offsets.get(0), offsets.get(1));
        }

        private List<Long> parseNumbers(String name) throws IOException {
            List<Long> numbers = new ArrayList<>();
            reader.beginArray();
            while (reader.hasNext()) {
                long number = reader.nextLong();
                if (number < 0) {
                    throw problem("tensor " + name + " has the negative number " + number + " in its description");
                }
                numbers.add(number);
            }
            reader.endArray();
            return numbers;
        }

        private FileFormatException problem(String text) {
            return new FileFormatException(file, text);
        }
    }
}
