package org.codanet.input;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.codanet.file.FileFormatException;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.ToyModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageInputTest {
    @TempDir
    Path folder;

    @Test
    void anArrayOfOtherExtentsThanTheTrainingImagesIsRefusedWithBothShapes() throws IOException {
        Path file = array(List.of(2, 3, 40, 60));

        FileFormatException refused = assertThrows(
                FileFormatException.class,
                () -> ImageInput.open(List.of(file), model(Optional.of(new Preprocessing(3, 9, 7, 0)))));

        assertTrue(
                refused.getMessage().contains("[2, 3, 40, 60]")
                        && refused.getMessage().contains("(N, 3, 9, 7)"),
                refused.getMessage());
    }

    @Test
    void anArrayOfTheExtentsOfTheTrainingImagesIsRead() throws IOException {
        Path file = array(List.of(2, 3, 9, 7));
        try (ImageInput input = ImageInput.open(List.of(file), model(Optional.of(new Preprocessing(3, 9, 7, 0))))) {
            assertEquals(Shape.of(2, 3, 9, 7), input.next(5).shape());
        }
    }

    @Test
    void anArrayOfAnyExtentsIsReadIfTheModelRecordsNone() throws IOException {
        Path file = array(List.of(1, 3, 40, 60));
        try (ImageInput input = ImageInput.open(List.of(file), model(Optional.empty()))) {
            assertEquals(Shape.of(1, 3, 40, 60), input.next(5).shape());
        }
    }

    private Path array(List<Integer> shape) throws IOException {
        Path file = folder.resolve("X.npy");
        int elements = shape.stream().reduce(1, Math::multiplyExact);
        NpyFile.write(file, TensorData.ofFloats(shape, new float[elements]));
        return file;
    }

    private static ModelFile model(Optional<Preprocessing> preprocessing) {
        CodaNetConfig config = CodaNetConfig.builder(6).layer(3, 3, 3, 1, 1).build();
        return ToyModels.untrained(config, preprocessing);
    }
}
