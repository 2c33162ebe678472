package org.codanet.file.safetensors;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.codanet.file.AtomicFile;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;

/**
 * The safetensors format: a header length, a JSON header, and raw little-endian arrays.
 *
 * <p>Reading validates the whole header before it creates a tensor. The header's length must fit the file and the format's limit of
 * 100 MB. Every range must lie in the file and have the size that extents and element type require. Ranges must neither overlap nor
 * leave gaps, and no name may occur twice. Source: the format's description by Hugging Face.
 */
public final class SafetensorsFile {
    private SafetensorsFile() {}

    /**
     * {@return all tensors and the metadata of a file, in the header's order}
     *
     * @param file the file
     * @throws FileFormatException if it is not a valid safetensors file
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(Path file) throws IOException {
        try (FileBytes bytes = FileBytes.open(file)) {
            return read(bytes);
        }
    }

    /**
     * {@return all tensors and the metadata of a stream, which is read to its end and not closed}
     *
     * @param name the name of the stream in error messages
     * @param stream the content of a safetensors file, such as a resource
     * @throws FileFormatException if it is not a valid safetensors file
     * @throws IOException if it cannot be read
     */
    public static NamedTensors read(String name, InputStream stream) throws IOException {
        return read(FileBytes.of(name, stream.readAllBytes()));
    }

    /**
     * {@return the metadata of a file, without reading its tensors}
     *
     * @param file the file
     * @throws FileFormatException if it is not a valid safetensors file
     * @throws IOException if it cannot be read
     */
    public static Map<String, String> readMetadata(Path file) throws IOException {
        try (FileBytes bytes = FileBytes.open(file)) {
            return SafetensorsHeader.read(bytes).metadata();
        }
    }

    static NamedTensors read(FileBytes bytes) throws IOException {
        SafetensorsHeader header = SafetensorsHeader.read(bytes);
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
            byte[] raw = bytes.read(
                    header.dataStart() + entry.begin(), entry.end() - entry.begin(), "tensor " + entry.name());
            tensors.put(entry.name(), TensorData.ofRaw(entry.type(), entry.shape(), raw));
        }
        return new NamedTensors(tensors, header.metadata());
    }

    /**
     * Writes or replaces a file atomically, as {@link AtomicFile} describes.
     *
     * <p>Tensors of wider element types come first, so that each tensor is aligned to its element size. Tensors of equal width keep
     * their order. Equal content gives equal bytes.
     *
     * @param file the file
     * @param content tensors and metadata
     * @throws IOException if it cannot be written; the old file is then unchanged
     * @throws IllegalArgumentException if a tensor is called {@code __metadata__}
     */
    public static void write(Path file, NamedTensors content) throws IOException {
        List<Map.Entry<String, TensorData>> ordered =
                new ArrayList<>(content.tensors().entrySet());
        ordered.sort(Comparator.comparingInt(entry -> -entry.getValue().type().bytes()));
        byte[] header = header(ordered, content.metadata());
        AtomicFile.write(file, channel -> {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            AtomicFile.writeFully(channel, length.putLong(header.length).flip());
            AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
            for (Map.Entry<String, TensorData> entry : ordered) {
                AtomicFile.writeFully(channel, ByteBuffer.wrap(entry.getValue().rawBytes()));
            }
        });
    }

    private static byte[] header(List<Map.Entry<String, TensorData>> ordered, Map<String, String> metadata)
            throws IOException {
        StringWriter text = new StringWriter();
        JsonWriter writer = new JsonWriter(text);
        writer.beginObject();
        if (!metadata.isEmpty()) {
            writer.name(SafetensorsHeader.METADATA).beginObject();
            for (Map.Entry<String, String> entry : metadata.entrySet()) {
                writer.name(entry.getKey()).value(entry.getValue());
            }
            writer.endObject();
        }
        long offset = 0;
        for (Map.Entry<String, TensorData> entry : ordered) {
            if (entry.getKey().equals(SafetensorsHeader.METADATA)) {
                throw new IllegalArgumentException("no tensor may be called " + SafetensorsHeader.METADATA);
            }
            TensorData tensor = entry.getValue();
            writer.name(entry.getKey()).beginObject();
            writer.name("dtype").value(tensor.type().name());
            writer.name("shape").beginArray();
            for (int extent : tensor.shape()) {
                writer.value(extent);
            }
            writer.endArray();
            long end = offset + tensor.rawBytes().length;
            writer.name("data_offsets").beginArray().value(offset).value(end).endArray();
            writer.endObject();
            offset = end;
        }
        writer.endObject();
        writer.flush();
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        byte[] padded = new byte[(json.length + 7) / 8 * 8];
        Arrays.fill(padded, (byte) ' ');
        System.arraycopy(json, 0, padded, 0, json.length);
        return padded;
    }
}
