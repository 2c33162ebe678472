package org.codanet.gpu;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.codanet.data.batch.ImageBatch;
import org.codanet.explain.Detail;
import org.codanet.explain.Explainer;
import org.codanet.explain.Explanation;
import org.codanet.explain.Target;
import org.codanet.golden.GoldenFile;
import org.codanet.model.CodaNet;
import org.codanet.model.NetPass;
import org.codanet.nn.device.Device;
import org.codanet.nn.device.DeviceOptions;
import org.codanet.nn.device.Devices;
import org.codanet.nn.device.Precision;
import org.codanet.nn.op.LossKind;
import org.codanet.nn.op.alignment.Purpose;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.nn.tensor.Tensor;
import org.codanet.nn.testing.AlignmentRun;
import org.codanet.nn.testing.GoldenLayer;
import org.codanet.nn.testing.Workplace;

/**
 * Prints the error of each precision against float64, for the golden layers and networks on the devices {@code cpu} and {@code cuda}.
 * The error of a tensor is its largest absolute difference divided by its largest absolute value; a row shows the largest error of its
 * tensors.
 */
final class ErrorTable {
    /** Devices and precisions, one column each. Columns that the machine does not support are left out. */
    private static final List<String> COLUMNS = List.of("cpu fp32", "cpu bf16", "cuda fp32", "cuda tf32", "cuda bf16");

    private final Map<String, Map<String, Double>> rows = new LinkedHashMap<>();
    private String column;

    private ErrorTable() {}

    /** @param arguments the folder of the golden networks */
    public static void main(String[] arguments) throws IOException {
        ErrorTable table = new ErrorTable();
        List<GoldenFile> nets = nets(Path.of(arguments[0]));
        List<String> columns = new ArrayList<>();
        for (String column : COLUMNS) {
            String[] words = column.split(" ");
            DeviceOptions options =
                    DeviceOptions.defaults().withPrecision(Precision.valueOf(words[1].toUpperCase(Locale.ROOT)));
            try (Device device = Devices.open(words[0], options)) {
                table.column = column;
                columns.add(column);
                System.err.println(device.description());
                for (GoldenFile file : nets) {
                    table.net(device, file);
                }
            } catch (IllegalArgumentException lacking) {
                System.err.println(lacking.getMessage());
                continue;
            }
            for (GoldenLayer layer : GoldenLayer.all()) {
                table.layer(Devices.open(words[0], options), layer);
            }
        }
        table.print(columns);
    }

    private static List<GoldenFile> nets(Path folder) throws IOException {
        List<GoldenFile> nets = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "net_*.safetensors")) {
            for (Path file : files) {
                nets.add(GoldenFile.read(file));
            }
        }
        if (nets.isEmpty()) {
            throw new IllegalArgumentException("no golden network in " + folder);
        }
        return nets;
    }

    private void layer(Device device, GoldenLayer layer) {
        try (Workplace place = new Workplace(device)) {
            AlignmentRun run = new AlignmentRun(place, layer.data(), Purpose.TRAINING);
            String name = "layers, " + layer.data().shape().norm() + ": ";
            add(name + "output", layer.y(), run.y());
            add(name + "back-projection", layer.backProjection(), run.backProject(1, layer.upper()));
            AlignmentRun.Gradients expected = layer.gradients();
            AlignmentRun.Gradients gradients = run.backward(layer.upper(), 0);
            add(name + "gradients", expected.x(), gradients.x());
            add(name + "gradients", expected.a(), gradients.a());
            add(name + "gradients", expected.b(), gradients.b());
            if (expected.bias() != null) {
                add(name + "gradients", expected.bias(), gradients.bias());
            }
        }
    }

    private void net(Device device, GoldenFile file) {
        try (Scope run = Scope.open("errors")) {
            CodaNet net = CodaNet.of(file.network(), LossKind.valueOf(file.text("loss")), file.weights(), device, run);
            int[] s = file.shape("images").stream().mapToInt(Integer::intValue).toArray();
            float[] pixels = file.floats("images");
            NetPass pass = net.forward(net.input(pixels, Shape.of(s), run), Purpose.INFERENCE, run);
            add("networks: logits", file.floats("logits"), values(device, pass.logits()));
            Explanation explanation = new Explainer(net)
                    .explain(ImageBatch.of(pixels, s[0], s[1], s[2], s[3]), Target.all(), Detail.CHANNELS);
            float[] contributions = new float[file.tensor("contributions").count()];
            explanation.channelContributions().get(contributions);
            add("networks: contributions", file.floats("contributions"), contributions);
        }
    }

    private static float[] values(Device device, Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, values);
        return values;
    }

    private void add(String row, float[] expected, float[] actual) {
        double largest = 0;
        double furthest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            double off = Math.abs((double) expected[i] - actual[i]);
            furthest = Double.isFinite(off) ? Math.max(furthest, off) : Double.POSITIVE_INFINITY;
        }
        rows.computeIfAbsent(row, key -> new LinkedHashMap<>())
                .merge(column, furthest == 0 ? 0 : furthest / largest, Math::max);
    }

    private void print(List<String> columns) {
        System.out.println("| largest error of | " + String.join(" | ", columns) + " |");
        System.out.println("|---|" + "---:|".repeat(columns.size()));
        rows.forEach((row, errors) -> {
            StringBuilder line = new StringBuilder("| " + row + " |");
            columns.forEach(each -> line.append(String.format(Locale.ROOT, " %.1e |", errors.get(each))));
            System.out.println(line);
        });
    }
}
