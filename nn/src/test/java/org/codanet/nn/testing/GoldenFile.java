package org.codanet.nn.testing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.codanet.nn.tensor.Shape;

/** A safetensors file of golden values, read into memory. Supports only the features of the format that our own files use. */
public final class GoldenFile {
    private final String name;
    private final JsonObject config;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    private record Entry(Shape shape, float[] values) {}

    private GoldenFile(String name, byte[] bytes) {
        this.name = name;
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int headerLength = Math.toIntExact(buffer.getLong());
        JsonObject header = JsonParser.parseString(new String(bytes, 8, headerLength, StandardCharsets.UTF_8))
                .getAsJsonObject();
        JsonObject metadata = header.getAsJsonObject("__metadata__");
        this.config =
                JsonParser.parseString(metadata.get("config").getAsString()).getAsJsonObject();
        for (Map.Entry<String, JsonElement> member : header.entrySet()) {
            if (!member.getKey().equals("__metadata__")) {
                entries.put(member.getKey(), entry(member.getValue().getAsJsonObject(), buffer, 8 + headerLength));
            }
        }
    }

    private static Entry entry(JsonObject description, ByteBuffer buffer, int dataStart) {
        JsonArray extents = description.getAsJsonArray("shape");
        int[] shape = new int[extents.size()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = extents.get(i).getAsInt();
        }
        int from = dataStart + description.getAsJsonArray("data_offsets").get(0).getAsInt();
        String type = description.get("dtype").getAsString();
        Shape extent = Shape.of(shape);
        float[] values = new float[Math.toIntExact(extent.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = switch (type) {
                case "F32" -> buffer.getFloat(from + 4 * i);
                case "F64" -> (float) buffer.getDouble(from + 8 * i);
                case "I64" -> buffer.getLong(from + 8 * i);
                default -> throw new IllegalArgumentException("golden file: element type " + type);
            };
        }
        return new Entry(extent, values);
    }

    /**
     * The files whose names start with {@code prefix}, from the folder in the system property {@code codanet.golden}, or else from the
     * resources of these tests. Fails if there is none.
     */
    public static List<GoldenFile> all(String prefix) {
        String folder = System.getProperty("codanet.golden", "");
        try {
            List<GoldenFile> files = folder.isEmpty() ? ofResources(prefix) : ofFolder(Path.of(folder), prefix);
            if (files.isEmpty()) {
                throw new IllegalStateException(
                        "no golden file " + prefix + "* in " + (folder.isEmpty() ? "the test resources" : folder));
            }
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<GoldenFile> ofResources(String prefix) throws IOException {
        URL readme = Objects.requireNonNull(
                GoldenFile.class.getClassLoader().getResource("org/codanet/nn/golden/README.md"), "golden resources");
        try {
            URI uri = readme.toURI();
            if (!uri.getScheme().equals("jar")) {
                return ofFolder(Path.of(uri).getParent(), prefix);
            }
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                return ofFolder(jar.getPath("org/codanet/nn/golden"), prefix);
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    private static List<GoldenFile> ofFolder(Path folder, String prefix) throws IOException {
        List<Path> paths;
        try (Stream<Path> listed = Files.list(folder)) {
            paths = listed.filter(path -> path.getFileName().toString().startsWith(prefix)
                            && path.getFileName().toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
        }
        List<GoldenFile> files = new ArrayList<>();
        for (Path path : paths) {
            files.add(new GoldenFile(path.getFileName().toString(), Files.readAllBytes(path)));
        }
        return files;
    }

    /** The entry {@code config} of the metadata. */
    public JsonObject config() {
        return config;
    }

    public boolean has(String tensor) {
        return entries.containsKey(tensor);
    }

    public Shape shape(String tensor) {
        return entry(tensor).shape();
    }

    /** A copy of the values, row-major. */
    public float[] values(String tensor) {
        return entry(tensor).values().clone();
    }

    private Entry entry(String tensor) {
        Entry entry = entries.get(tensor);
        if (entry == null) {
            throw new IllegalArgumentException(name + " has no tensor " + tensor + "; it has " + entries.keySet());
        }
        return entry;
    }

    @Override
    public String toString() {
        return name;
    }
}
