package org.codanet.cli;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.codanet.file.FileName;
import org.codanet.file.TensorData;
import org.codanet.file.npy.NpyFile;
import org.codanet.model.CodaNet;
import org.codanet.model.CodaNetConfig;
import org.codanet.model.ModelFile;
import org.codanet.model.Preprocessing;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.tensor.Scope;

/** Small input files for the commands: a network of two layers, pictures, arrays. */
final class Samples {
    /** Height and width differ, so that tests notice if they are swapped. */
    static final int HEIGHT = 9;

    static final int WIDTH = 7;

    private Samples() {}

    static CodaNetConfig config(boolean grey) {
        return CodaNetConfig.builder(grey ? 2 : 6)
                .layer(5, 4, 3, 1, 1)
                .layer(3, 3, 3, 2, 1)
                .temperature(2)
                .labels(List.of("cat", "dog", "<b>&\"owl"))
                .build();
    }

    static Path model(Path folder, boolean grey) throws IOException {
        Path file = folder.resolve(grey ? "grey.safetensors" : "colour.safetensors");
        try (Device device = Devices.open("auto", DeviceOptions.defaults());
                Scope scope = Scope.open("sample");
                CodaNet net = CodaNet.create(config(grey), LossKind.BCE, device, scope, 5)) {
            new ModelFile(
                            net.config(),
                            net.weights(),
                            Optional.of(new Preprocessing(grey ? 1 : 3, HEIGHT, WIDTH, 0)),
                            Optional.empty(),
                            Map.of("top1", 0.75))
                    .write(file);
        }
        return file;
    }

    /** Values in [0, 1] of shape (count, channels, 9, 7). All images differ. */
    static float[] values(int count, int channels) {
        float[] values = new float[count * channels * HEIGHT * WIDTH];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i * 7919L % 1009) / 1008f;
        }
        return values;
    }

    static Path array(Path folder, String name, int count, int channels) throws IOException {
        return array(folder, name, List.of(count, channels, HEIGHT, WIDTH), values(count, channels));
    }

    static Path array(Path folder, String name, List<Integer> shape, float[] values) throws IOException {
        Path file = folder.resolve(name);
        NpyFile.write(file, TensorData.ofFloats(shape, values));
        return file;
    }

    /** A file or folder among the resources of the tests. */
    static Path resource(String name) {
        try {
            return Path.of(Samples.class.getResource("/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(name, e);
        }
    }

    /** The sorted names of the files in a folder. */
    static List<String> namesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> FileName.text(file.getFileName())).sorted().toList();
        }
    }

    /** A picture whose extents differ from those that the network reads. */
    static Path picture(Path file) throws IOException {
        BufferedImage image = new BufferedImage(60, 40, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.ORANGE);
        graphics.fillRect(0, 0, 60, 40);
        graphics.setColor(Color.BLUE);
        graphics.fillOval(15, 5, 30, 30);
        graphics.dispose();
        String name = file.getFileName().toString();
        ImageIO.write(image, name.substring(name.lastIndexOf('.') + 1), file.toFile());
        return file;
    }
}
