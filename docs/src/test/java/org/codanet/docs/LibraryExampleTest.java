package org.codanet.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example is the code that is compiled and run here. */
final class LibraryExampleTest {
    /** Two layers, as little as a network can be and still have something to explain. */
    private static final CodaNetConfig SMALL =
            CodaNetConfig.builder(6).layer(4, 3, 3, 1, 1).layer(3, 3, 1, 1, 0).build();

    @TempDir
    Path folder;

    @Test
    void theExampleOfTheReadmeIsTheOneThatRuns() {
        List<String> readme = SourceTree.lines(SourceTree.root().resolve("README.md"));
        int start = readme.indexOf("```java");
        assertFalse(start < 0, "the README has no Java example");
        List<String> block = readme.subList(start + 1, readme.size());
        String shown = code(block.subList(0, block.indexOf("```")));
        String compiled = code(
                SourceTree.lines(SourceTree.root().resolve("docs/src/test/java/org/codanet/docs/LibraryExample.java")));
        assertTrue(compiled.contains(shown), "not in LibraryExample.java:\n" + shown);
    }

    @Test
    void theExampleDrawsAPictureOfTheImagesExtents() throws IOException {
        Path photo = folder.resolve("photo.png");
        BufferedImage image = new BufferedImage(9, 7, BufferedImage.TYPE_INT_RGB);
        image.setRGB(4, 3, 0xff8000);
        ImageIO.write(image, "png", photo.toFile());
        Path model = folder.resolve("model.safetensors");
        try (Device device = Devices.open("cpu", DeviceOptions.defaults().withThreads(1));
                Scope scope = Scope.open("test");
                CodaNet net = CodaNet.create(SMALL, LossKind.BCE, device, scope, 1)) {
            new ModelFile(SMALL, net.weights(), Optional.empty(), Optional.empty(), Map.of()).write(model);
        }

        Path picture = folder.resolve("why.png");
        LibraryExample.explain(model, photo, picture);

        BufferedImage drawn = ImageIO.read(picture.toFile());
        assertEquals(9, drawn.getWidth());
        assertEquals(7, drawn.getHeight());
    }

    /** The code without its spaces: the formatter may break the lines of the two in other places. */
    private static String code(List<String> lines) {
        return String.join("", lines).replaceAll("\\s+", "");
    }
}
