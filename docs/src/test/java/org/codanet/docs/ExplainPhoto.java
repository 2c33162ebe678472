package org.codanet.docs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.codanet.explain.Target;
import org.codanet.model.BundledModel;
import org.codanet.model.ModelFile;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.pipeline.ImagePipeline;
import org.codanet.render.ColourRange;
import org.codanet.render.ContributionPicture;
import org.codanet.render.Picture;
import org.codanet.report.ExplainedClass;
import org.codanet.report.ExplainedImage;

/** Explains a photo of any size. Arguments: the photo, the PNG file to write, and a model file or nothing. */
public final class ExplainPhoto {
    public static void main(String[] arguments) throws IOException {
        Path photo = Path.of(arguments[0]);
        Path png = Path.of(arguments[1]);
        // Model files come from 'codanet train' and 'codanet convert'. A small CIFAR-10 network comes with codanet.
        ModelFile model = arguments.length > 2
                ? ModelFile.read(Path.of(arguments[2]))
                : BundledModel.read().orElseThrow();
        try (Device device = Devices.open("auto", DeviceOptions.defaults());
                ImagePipeline pipeline = ImagePipeline.open(model, device)) {
            ExplainedImage image = pipeline.explain(photo, Target.predicted());
            ExplainedClass best = image.explained().getFirst();
            ColourRange range = ColourRange.of(best.map());
            Picture.writePng(ContributionPicture.overlay(best.map(), range, image.input()), png);
            System.out.printf(
                    Locale.ROOT,
                    "%s: logit %.3f = contributions %.3f + bias %.3f%n",
                    best.name(),
                    best.score().logit(),
                    best.map().sum(),
                    best.bias());
        }
    }
}
