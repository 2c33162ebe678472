package org.codanet.file.npy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.codanet.file.ElementType;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NpyFileTest {
    @TempDir
    Path folder;

    static Stream<TensorData> arrays() {
        return Stream.of(
                TensorData.ofFloats(List.of(2, 3, 1), new float[] {1, 2, 3, -4, Float.NaN, 1e-40f}),
                TensorData.ofFloats(List.of(), new float[] {7}), // a scalar: the shape is ()
                TensorData.ofDoubles(List.of(2), new double[] {Math.E, -0.0}), // one extent: the shape is (2,)
                TensorData.ofLongs(List.of(1, 2), new long[] {Long.MAX_VALUE, -1}),
                TensorData.ofBytes(List.of(0, 5), new byte[0])); // no rows
    }

    @ParameterizedTest
    @MethodSource("arrays")
    void whatIsWrittenIsReadBack(TensorData array) throws IOException {
        Path file = folder.resolve("a.npy");
        NpyFile.write(file, array);
        assertEquals(array, NpyFile.read(file));
    }

    @Test
    void theHeaderIsNumPysOwn() {
        byte[] bytes = NpyHeader.bytes(ElementType.F32, List.of(3, 4));
        assertEquals(128, bytes.length);
        String expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }";
        assertEquals(expected, new String(bytes, 10, bytes.length - 10, StandardCharsets.US_ASCII).strip());
        assertEquals('\n', bytes[127]);
    }

    @Test
    void rowsAreReadInPieces() throws IOException {
        Path file = folder.resolve("a.npy");
        NpyFile.write(file, TensorData.ofFloats(List.of(5, 2), new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
        try (NpyReader reader = NpyReader.open(file)) {
            assertEquals(5, reader.rows());
            assertEquals(TensorData.ofFloats(List.of(2, 2), new float[] {0, 1, 2, 3}), reader.read(2));
            assertEquals(TensorData.ofFloats(List.of(3, 2), new float[] {4, 5, 6, 7, 8, 9}), reader.read(3));
            assertEquals(0, reader.remaining());
            assertThrows(IllegalArgumentException.class, () -> reader.read(1));
        }
    }

    @Test
    void piecesAreWrittenAsOneArray() throws IOException {
        Path file = folder.resolve("a.npy");
        float[] many = new float[40_000]; // more than two of the writer's buffers
        for (int i = 0; i < many.length; i++) {
            many[i] = i;
        }
        try (NpyWriter writer = NpyWriter.create(file, List.of(2, 40_000))) {
            writer.append(many);
            assertFalse(Files.exists(file));
            writer.append(many);
        }
        float[] read = NpyFile.read(file).toFloats();
        assertEquals(39_999, read[39_999]);
        assertEquals(39_999, read[79_999]);
        assertEquals(16_384, read[56_384]);
    }

    @Test
    void anUnfinishedArrayLeavesNothingBehind() throws IOException {
        try (NpyWriter writer = NpyWriter.create(folder.resolve("a.npy"), List.of(2))) {
            writer.append(new float[1]);
            assertThrows(IllegalArgumentException.class, () -> writer.append(new float[2]));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(), files.toList());
        }
    }

    /** Each header is followed by 8 bytes of data. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            {'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }     | Fortran order
            {'descr': '<f4', 'fortran_order': False, 'shape': (3,), }      | cut short
            {'descr': '<f4', 'fortran_order': False, 'shape': (1,), }      | goes on after its array
            {'descr': '<c8', 'fortran_order': False, 'shape': (1,), }      | type <c8
            {'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), } | type [('a', '<f4')]
            {'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), } | impossible shape
            {'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }     | cannot be read
            {'descr': '<f4', 'shape': (2,), }                              | header entries
            {'descr': '<f4', 'descr': '<f4', 'shape': (2,), }              | cannot be read
            __import__('os').system('true')                                | not a Python dictionary
            """)
    void unsoundFilesAreRefusedByName(String dictionary, String reason) throws IOException {
        Path file = write(1, dictionary, new byte[8]);
        FileFormatException refusal = assertThrows(FileFormatException.class, () -> NpyFile.read(file));
        assertTrue(refusal.getMessage().startsWith(file + ": "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3"})
    void everyVersionIsRead(int version) throws IOException {
        Path file = write(version, "{'shape': (2L,), 'fortran_order': False, 'descr': '<i4'}", new byte[8]);
        assertArrayEquals(new long[2], NpyFile.read(file).toLongs());
    }

    @Test
    void bigEndianElementsAreReadAtOnceAndByRows() throws IOException {
        Path file = write(
                1, "{'descr': '>i4', 'fortran_order': False, 'shape': (2,)}", new byte[] {0, 0, 1, 2, -1, -1, -1, -2});
        assertArrayEquals(new long[] {258, -2}, NpyFile.read(file).toLongs());
        try (NpyReader reader = NpyReader.open(file)) {
            assertArrayEquals(new long[] {258}, reader.read(1).toLongs());
            assertArrayEquals(new long[] {-2}, reader.read(1).toLongs());
        }
    }

    @Test
    void otherFilesAreRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("a.npy"), "not an array at all");
        assertTrue(assertThrows(FileFormatException.class, () -> NpyFile.read(file))
                .getMessage()
                .contains("not a .npy file"));
    }

    private Path write(int version, String dictionary, byte[] data) throws IOException {
        byte[] text = (dictionary + "\n").getBytes(StandardCharsets.US_ASCII);
        int lengthBytes = version == 1 ? 2 : 4;
        byte[] bytes = new byte[8 + lengthBytes + text.length + data.length];
        byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0, (byte) text.length, 0};
        System.arraycopy(magic, 0, bytes, 0, magic.length);
        System.arraycopy(text, 0, bytes, 8 + lengthBytes, text.length);
        System.arraycopy(data, 0, bytes, bytes.length - data.length, data.length);
        return Files.write(folder.resolve("b.npy"), bytes);
    }
}
