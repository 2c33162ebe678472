package org.codanet.docs;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.model.CodaNet;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.tensor.Scope;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.render.SignedMap;

/** The example of the README, as a program: explains one image and draws why. */
final class LibraryExample {
    private LibraryExample() {}

    static void explain(Path model, Path photo, Path picture) throws IOException {
        BufferedImage image = ImageIO.read(photo.toFile());
        try (Device device = Devices.open("auto", DeviceOptions.defaults());
                Scope scope = Scope.open("example");
                CodaNet net = CodaNet.load(ModelFile.read(model), device, scope)) {
            ImageBatch images = ImageBatch.of(List.of(image), net.config().imageChannels());
            Explanation why = new Explainer(net).explain(images, Target.predicted());
            SignedMap map = SignedMap.of(why.height(), why.width(), why.contributions(0, 0));
            Picture.writePng(ContributionPicture.overlay(map, ColourRange.of(map), image), picture);
            System.out.printf(
                    "class %d: logit %.3f = sum of the map %.3f + bias %.3f%n",
                    why.predicted(0), why.value(0, 0), map.sum(), why.bias());
        }
    }
}
