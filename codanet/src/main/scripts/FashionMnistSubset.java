import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the built-in subset of Fashion-MNIST again: of each class the first 1,200 training and the first 200 test images, in
 * the order of the original files.
 *
 * <p>{@code apt-get install dataset-fashion-mnist}, then
 * {@code java codanet/src/main/scripts/FashionMnistSubset.java /usr/share/datasets/fashion-mnist OUT}.
 */
final class FashionMnistSubset {
    private static final int IMAGE = 28 * 28;

    private FashionMnistSubset() {}

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: java FashionMnistSubset.java FOLDER OUT");
            System.exit(2);
        }
        Path from = Path.of(arguments[0]);
        Path to = Files.createDirectories(Path.of(arguments[1]));
        pick(from, to, "train", 1_200);
        pick(from, to, "t10k", 200);
    }

    private static void pick(Path from, Path to, String stem, int perClass) throws IOException {
        String images = stem + "-images-idx3-ubyte.gz";
        String labels = stem + "-labels-idx1-ubyte.gz";
        int count = 10 * perClass;
        try (DataInputStream imagesIn = in(from.resolve(images));
                DataInputStream labelsIn = in(from.resolve(labels));
                DataOutputStream imagesOut = out(to.resolve(images));
                DataOutputStream labelsOut = out(to.resolve(labels))) {
            int available = imagesIn.skipBytes(4) == 4 ? imagesIn.readInt() : 0;
            imagesIn.readInt();
            imagesIn.readInt();
            labelsIn.readLong();
            for (int header : new int[] {0x0803, count, 28, 28}) {
                imagesOut.writeInt(header);
            }
            labelsOut.writeInt(0x0801);
            labelsOut.writeInt(count);
            int[] taken = new int[10];
            int written = 0;
            for (int i = 0; i < available; i++) {
                byte[] image = imagesIn.readNBytes(IMAGE);
                int label = labelsIn.readUnsignedByte();
                if (taken[label] < perClass) {
                    taken[label]++;
                    written++;
                    imagesOut.write(image);
                    labelsOut.writeByte(label);
                }
            }
            if (written != count) {
                throw new IOException(from + ": has " + written + " of the " + count + " images of " + stem);
            }
        }
    }

    private static DataInputStream in(Path file) throws IOException {
        return new DataInputStream(new GZIPInputStream(Files.newInputStream(file), 1 << 16));
    }

    private static DataOutputStream out(Path file) throws IOException {
        return new DataOutputStream(new BufferedOutputStream(new SmallGzip(file), 1 << 16));
    }

    /** Gzip at its strongest. It carries no time, so the same images give the same bytes. */
    private static final class SmallGzip extends GZIPOutputStream {
        SmallGzip(Path file) throws IOException {
            super(Files.newOutputStream(file));
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
