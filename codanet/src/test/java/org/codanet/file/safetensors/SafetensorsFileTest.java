package org.codanet.file.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.codanet.file.AtomicFile;
import org.codanet.file.FileBytes;
import org.codanet.file.FileFormatException;
import org.codanet.file.NamedTensors;
import org.codanet.file.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        tensors.put("bytes", TensorData.ofBytes(List.of(3), new byte[] {0, 127, (byte) 200}));
        tensors.put("floats", TensorData.ofFloats(List.of(2, 1, 2), new float[] {1, -0f, Float.MIN_VALUE, Float.NaN}));
        tensors.put("scalar", TensorData.ofDoubles(List.of(), new double[] {Math.PI}));
        tensors.put("none", TensorData.ofFloats(List.of(0, 4), new float[0]));
        tensors.put("\"ö\n", TensorData.ofLongs(List.of(1), new long[] {Long.MIN_VALUE}));
        NamedTensors content = new NamedTensors(tensors, Map.of("config", "{\"k\": [1, 2]}", "ü", "\u2028"));
        Path file = folder.resolve("a.safetensors");
        SafetensorsFile.write(file, content);
        NamedTensors read = SafetensorsFile.read(file);
        assertEquals(content, read);
        assertEquals(content, SafetensorsFile.read("stream", new ByteArrayInputStream(Files.readAllBytes(file))));
        assertEquals(content.metadata(), SafetensorsFile.readMetadata(file));
        assertArrayEquals(new long[] {0, 127, 200}, read.get("bytes").toLongs());
        assertEquals(List.of("floats"), read.nonFinite());
    }

    @Test
    void everyTensorIsAlignedToItsElements() throws IOException {
        Map<String, TensorData> tensors = new LinkedHashMap<>();
        tensors.put("u8", TensorData.ofBytes(List.of(1), new byte[] {1}));
        tensors.put("f32", TensorData.ofFloats(List.of(1), new float[] {1}));
        tensors.put("f64", TensorData.ofDoubles(List.of(1), new double[] {1}));
        Path file = folder.resolve("a.safetensors");
        SafetensorsFile.write(file, new NamedTensors(tensors));
        try (FileBytes bytes = FileBytes.open(file)) {
            SafetensorsHeader header = SafetensorsHeader.read(bytes);
            assertEquals(0, header.dataStart() % 8);
            header.entries()
                    .forEach(entry ->
                            assertEquals(0, entry.begin() % entry.type().bytes(), entry.name()));
        }
    }

    @Test
    void halfAndBrainFloatsAreDecoded() throws IOException {
        // 1.5 and -2 in F16, 1.5 and NaN in BF16.
        byte[] data = {0x00, 0x3E, 0x00, (byte) 0xC0, (byte) 0xC0, 0x3F, (byte) 0xC0, 0x7F};
        NamedTensors read = readBytes(
                "{\"h\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[4,8]}}",
                data);
        assertArrayEquals(new float[] {1.5f, -2}, read.get("h").toFloats());
        assertArrayEquals(new float[] {1.5f, Float.NaN}, read.get("b").toFloats());
    }

    /** Every case has 8 bytes of data. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x                                | not valid JSON at line 1 column 5
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}                                   | not valid JSON
            ["a"]                                                                                   | not a JSON object
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}} | a occurs twice
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}} | a and b overlap
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                                  | 4 bytes before tensor a
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}                                  | 4 bytes after the last
            {"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}                                 | cut short
            {"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}                                  | takes 12 bytes, its data_offsets span 8
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}                                  | not a begin and an end
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}                                    | not a begin and an end
            {"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}                                 | negative number -2
            {"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}              | impossible shape
            {"a":{"dtype":"F32","shape":[65536,65536,65536,65536],"data_offsets":[0,8]}}            | impossible shape
            {"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}                                  | unsupported dtype F31
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"z":1}}                            | unknown field z
            {"a":{"dtype":"F32","data_offsets":[0,8]}}                                              | lacks one of
            {"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}                                | not valid JSON
            {"a":[]}                                                                                | not described by a JSON object
            {"__metadata__":{"k":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}           | k is not a string
            """)
    void unsoundHeadersAreRefusedByName(String header, String reason) {
        FileFormatException refusal = assertThrows(FileFormatException.class, () -> readBytes(header, new byte[8]));
        assertTrue(refusal.getMessage().startsWith("test: "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
        assertEquals(1, refusal.getMessage().lines().count(), refusal.getMessage());
    }

    @Test
    void aHeaderLongerThanTheFileIsRefusedBeforeAnythingIsAllocated() {
        byte[] bytes = ByteBuffer.allocate(16)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(1L << 62)
                .array();
        assertThrows(FileFormatException.class, () -> SafetensorsFile.read("test", new ByteArrayInputStream(bytes)));
    }

    @Test
    void aFailedWriteLeavesTheOldFileAndNoOther() throws IOException {
        Path file = folder.resolve("a.safetensors");
        SafetensorsFile.write(file, new NamedTensors(Map.of()));
        byte[] before = Files.readAllBytes(file);
        IOException failure = assertThrows(
                IOException.class,
                () -> AtomicFile.write(file, channel -> {
                    channel.write(ByteBuffer.allocate(100));
                    throw new IOException("No space left on device");
                }));
        assertTrue(failure.getMessage().contains(file + ": No space left"), failure.getMessage());
        assertArrayEquals(before, Files.readAllBytes(file));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    @Test
    void aMissingFolderIsNamed() {
        Path file = folder.resolve("missing/a.safetensors");
        IOException failure =
                assertThrows(IOException.class, () -> SafetensorsFile.write(file, new NamedTensors(Map.of())));
        assertTrue(failure.getMessage().contains("missing does not exist"), failure.getMessage());
    }

    @Test
    void aMissingOrEmptyFileIsNamed() throws IOException {
        Path missing = folder.resolve("none.safetensors");
        assertEquals(
                missing + ": no such file",
                assertThrows(FileFormatException.class, () -> SafetensorsFile.read(missing))
                        .getMessage());
        Path empty = Files.createFile(folder.resolve("empty.safetensors"));
        assertEquals(
                empty + ": is empty",
                assertThrows(FileFormatException.class, () -> SafetensorsFile.read(empty))
                        .getMessage());
    }

    private static NamedTensors readBytes(String header, byte[] data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(json.length).put(json).put(data);
        return SafetensorsFile.read("test", new ByteArrayInputStream(bytes.array()));
    }
}
