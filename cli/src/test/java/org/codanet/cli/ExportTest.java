package org.codanet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.codanet.model.ModelFile;
import org.codanet.onnx.OnnxExport;
import org.codanet.onnx.OnnxTarget;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ExportTest {
    @TempDir
    Path folder;

    @Test
    void writesTheGraphOfTheModelFile() throws IOException {
        Path model = Samples.model(folder, false);
        Path all = folder.resolve("all.onnx");
        Path predicted = folder.resolve("predicted.onnx");

        Run.of("export", "--model", model, all).succeeded();
        Run.of("export", "--model", model, "--explain", "predicted", predicted).succeeded();

        ModelFile file = ModelFile.read(model);
        assertArrayEquals(OnnxExport.bytes(file, OnnxTarget.ALL), Files.readAllBytes(all));
        assertArrayEquals(OnnxExport.bytes(file, OnnxTarget.PREDICTED), Files.readAllBytes(predicted));
    }

    @Test
    void anUnknownTargetIsWrongUsage() throws IOException {
        Path model = Samples.model(folder, false);

        Run.of("export", "--model", model, "--explain", "cat", folder.resolve("net.onnx"))
                .failsWith(2, "--explain", "cat");
    }

    @Test
    void aFolderThatDoesNotExistIsNamed() throws IOException {
        Path model = Samples.model(folder, false);

        Run.of("export", "--model", model, folder.resolve("missing/net.onnx")).failsWith(1, "missing");
    }
}
