package org.codanet.file;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.codanet.bindings.testing.Skip;
import org.codanet.file.npy.NpyWriter;
import org.codanet.file.safetensors.SafetensorsFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Writing to {@code /dev/full}, a device of Linux that behaves like a full disk. The write fails, and the device is not replaced by a
 * file.
 */
final class DeviceTargetTest {
    private static final Path FULL = Path.of("/dev/full");

    @BeforeEach
    void needsTheDevice() {
        Skip.unless(Files.exists(FULL) && !Files.isRegularFile(FULL), "this system has no /dev/full");
    }

    @Test
    void aFullDiskIsNamed() {
        NamedTensors tensors = new NamedTensors(Map.of("x", TensorData.ofFloats(List.of(1), new float[1])));
        IOException refusal = assertThrows(IOException.class, () -> SafetensorsFile.write(FULL, tensors));
        assertTrue(refusal.getMessage().startsWith("cannot write /dev/full: "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("space"), refusal.getMessage());
        assertFalse(Files.isRegularFile(FULL), "the device was replaced by a file");
    }

    @Test
    void piecesToAFullDiskAreNoFile() {
        assertThrows(IOException.class, () -> {
            try (NpyWriter writer = NpyWriter.create(FULL, List.of(4))) {
                writer.append(new float[4]);
            }
        });
        assertFalse(Files.isRegularFile(FULL), "the device was replaced by a file");
    }
}
