package org.codanet.explain;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.codanet.nn.tensor.Shape;

/**
 * The contributions of every position of N images to T explained values of each image. Immutable, on the heap.
 *
 * <p>An explained value is a logit, the difference of two logits, or the activation of one unit. The contributions of one map and {@link
 * #bias} add up to it, except for rounding in float32. {@link #identityError} is the difference, {@link #tolerance} the largest difference
 * that rounding explains, and {@link #identityHolds} compares them for all maps.
 */
public final class Explanation {
    private final Contents contents;

    /**
     * The values of an explanation, which takes ownership of the arrays.
     *
     * @param scores of all classes
     * @param explained what the maps explain
     * @param maps the contributions
     */
    record Contents(Scores scores, Explained explained, Maps maps) {}

    /**
     * The scores of all K classes.
     *
     * @param classCount K
     * @param logits (N, K)
     * @param probabilities (N, K)
     */
    record Scores(int classCount, float[] logits, float[] probabilities) {}

    /**
     * What the maps explain.
     *
     * @param classes N lists of T classes
     * @param against the opposed class, or -1
     * @param values the explained values, (N, T): logits, differences or activations
     * @param bias added to the contributions of each map
     */
    record Explained(List<List<Integer>> classes, int against, float[] values, double bias) {}

    /**
     * The contributions.
     *
     * @param shape (N, T, H, W)
     * @param channels C
     * @param perPosition (N, T, H, W)
     * @param perChannel (N, T, C, H, W) or null
     * @param precision the relative error of one contribution that rounding explains
     */
    record Maps(Shape shape, int channels, float[] perPosition, float[] perChannel, double precision) {}

    Explanation(Contents contents) {
        this.contents = contents;
    }

    /** The explanation of image n alone. It copies the values, so the others can be freed. @throws IndexOutOfBoundsException if there is none */
    public Explanation image(int n) {
        requireImage(n);
        return new Explanation(ExplanationParts.image(contents, n));
    }

    /**
     * The comparison of the two explained classes of each image: the first map minus the second. The bias cancels.
     *
     * @throws IllegalStateException unless two classes of each image are explained, and the second one is the same for all images
     */
    public Explanation difference() {
        return new Explanation(ExplanationParts.difference(contents));
    }

    /** N. */
    public int images() {
        return contents.maps().shape().extent(0);
    }

    /** T, the maps of each image. */
    public int targets() {
        return contents.maps().shape().extent(1);
    }

    /** H, rows of a map. */
    public int height() {
        return contents.maps().shape().extent(2);
    }

    /** W, columns of a map. */
    public int width() {
        return contents.maps().shape().extent(3);
    }

    /** C, the channels that each position's contribution is summed over. */
    public int channels() {
        return contents.maps().channels();
    }

    /** K, the classes of the network. */
    public int classCount() {
        return contents.scores().classCount();
    }

    /** The logit of class k for image n. @throws IndexOutOfBoundsException if there is no such image or class */
    public float logit(int n, int k) {
        return contents.scores().logits()[logitIndex(n, k)];
    }

    /** All logits, (N, K). */
    public FloatBuffer logits() {
        return FloatBuffer.wrap(contents.scores().logits()).asReadOnlyBuffer();
    }

    /**
     * The probability of class k for image n: sigmoid or softmax, as the network was trained.
     *
     * @throws IndexOutOfBoundsException if there is no such image or class
     */
    public float probability(int n, int k) {
        return contents.scores().probabilities()[logitIndex(n, k)];
    }

    private int logitIndex(int n, int k) {
        requireImage(n);
        if (k < 0 || k >= classCount()) {
            throw new IndexOutOfBoundsException(
                    "explanation: class " + k + " was asked for; the network has 0 to " + (classCount() - 1));
        }
        return n * classCount() + k;
    }

    private void requireImage(int n) {
        if (n < 0 || n >= images()) {
            throw new IndexOutOfBoundsException(
                    "explanation: image " + n + " was asked for; there are " + images() + ", counted from 0");
        }
    }

    /** The class with the highest logit of image n; of equal logits the lower class. @throws IndexOutOfBoundsException if there is none */
    public int predicted(int n) {
        int best = 0;
        for (int k = 1; k < contents.scores().classCount(); k++) {
            if (logit(n, k) > logit(n, best)) {
                best = k;
            }
        }
        return best;
    }

    /**
     * The classes explained for image n, in the order of its maps; empty if a unit is explained.
     *
     * @throws IndexOutOfBoundsException if there is no such image
     */
    public List<Integer> classes(int n) {
        requireImage(n);
        return contents.explained().classes().isEmpty()
                ? List.of()
                : contents.explained().classes().get(n);
    }

    /** The class whose contributions were subtracted; empty unless two classes are compared. */
    public Optional<Integer> against() {
        return contents.explained().against() < 0
                ? Optional.empty()
                : Optional.of(contents.explained().against());
    }

    /**
     * The explained value of map t of image n: a logit, a difference of logits, or an activation. The contributions and the bias add up to
     * it.
     *
     * @throws IndexOutOfBoundsException if there is no such map
     */
    public float value(int n, int t) {
        return contents.explained().values()[index(n, t)];
    }

    /** The constant that is not in the contributions: the logit bias; 0 for a difference or a unit. */
    public double bias() {
        return contents.explained().bias();
    }

    /** Map t of image n, (H, W), row by row; a copy. @throws IndexOutOfBoundsException if there is no such map */
    public float[] contributions(int n, int t) {
        int area = height() * width();
        int start = index(n, t) * area;
        return Arrays.copyOfRange(contents.maps().perPosition(), start, start + area);
    }

    /** All maps, (N, T, H, W). */
    public FloatBuffer contributions() {
        return FloatBuffer.wrap(contents.maps().perPosition()).asReadOnlyBuffer();
    }

    /**
     * Map t of image n for channel c, (H, W), row by row; a copy.
     *
     * @throws IllegalStateException if contributions per channel were not computed
     * @throws IndexOutOfBoundsException if there is no such map or channel
     */
    public float[] contributions(int n, int t, int c) {
        float[] all = perChannel();
        if (c < 0 || c >= channels()) {
            throw new IndexOutOfBoundsException(
                    "explanation: channel " + c + " was asked for; there are 0 to " + (channels() - 1));
        }
        int area = height() * width();
        int start = (index(n, t) * channels() + c) * area;
        return Arrays.copyOfRange(all, start, start + area);
    }

    /** All maps for each channel, (N, T, C, H, W). @throws IllegalStateException if they were not computed */
    public FloatBuffer channelContributions() {
        return FloatBuffer.wrap(perChannel()).asReadOnlyBuffer();
    }

    /** Whether contributions per channel were computed. */
    public boolean hasChannels() {
        return contents.maps().perChannel() != null;
    }

    private float[] perChannel() {
        if (contents.maps().perChannel() == null) {
            throw new IllegalStateException(
                    "explanation: contributions per channel were not computed; explain with Detail.CHANNELS");
        }
        return contents.maps().perChannel();
    }

    /** The sum of all contributions of map t of image n: the explained value without the bias, except for rounding. */
    public double evidence(int n, int t) {
        double sum = 0;
        for (float contribution : contributions(n, t)) {
            sum += contribution;
        }
        return sum;
    }

    /** |Σ contributions + bias − value| of map t of image n. */
    public double identityError(int n, int t) {
        return Math.abs(evidence(n, t) + bias() - value(n, t));
    }

    /**
     * The largest {@link #identityError} that rounding explains: Σ |contribution| times a relative error (1e-5 in float32, more if matrix
     * products round their operands), plus four units in the last place of value and bias.
     */
    public double tolerance(int n, int t) {
        double absolute = 0;
        float[] all = hasChannels() ? perChannel() : contents.maps().perPosition();
        int count = all.length / (images() * targets());
        for (int i = index(n, t) * count, end = i + count; i < end; i++) {
            absolute += Math.abs(all[i]);
        }
        return contents.maps().precision() * absolute + 4 * (Math.ulp(value(n, t)) + Math.ulp((float) bias()));
    }

    /** Whether every map adds up within its tolerance; false if a value is NaN. */
    public boolean identityHolds() {
        for (int n = 0; n < images(); n++) {
            for (int t = 0; t < targets(); t++) {
                if (!(identityError(n, t) <= tolerance(n, t))) {
                    return false;
                }
            }
        }
        return true;
    }

    /** The sum of the contributions of map t of image n in a region. @throws IllegalArgumentException if it is not inside the image */
    public double sum(int n, int t, Region region) {
        return sum(contributions(n, t), region, false);
    }

    /**
     * The share of a region in the positive contributions of map t of image n, from 0 to 1; 0 if none is positive. The paper's localisation
     * metric uses it.
     *
     * @throws IllegalArgumentException if the region is not inside the image
     */
    public double share(int n, int t, Region region) {
        float[] map = contributions(n, t);
        double all = sum(map, new Region(0, 0, height(), width()), true);
        return all > 0 ? sum(map, region, true) / all : 0;
    }

    /** The sum of the contributions of channel c in map t of image n. @throws IllegalStateException without channels */
    public double channelSum(int n, int t, int c) {
        return sum(contributions(n, t, c), new Region(0, 0, height(), width()), false);
    }

    /**
     * The share of channel c in the positive contributions of all channels of map t of image n, from 0 to 1; 0 if none is positive.
     *
     * @throws IllegalStateException if contributions per channel were not computed
     */
    public double channelShare(int n, int t, int c) {
        Region whole = new Region(0, 0, height(), width());
        double all = 0;
        for (int other = 0; other < channels(); other++) {
            all += sum(contributions(n, t, other), whole, true);
        }
        return all > 0 ? sum(contributions(n, t, c), whole, true) / all : 0;
    }

    private double sum(float[] map, Region region, boolean positiveOnly) {
        if (region.bottom() > height() || region.right() > width()) {
            throw new IllegalArgumentException(
                    "region: " + region + " is not inside a map of " + height() + " rows and " + width() + " columns");
        }
        double sum = 0;
        for (int y = region.top(); y < region.bottom(); y++) {
            for (int x = region.left(); x < region.right(); x++) {
                float contribution = map[y * width() + x];
                sum += positiveOnly ? Math.max(contribution, 0) : contribution;
            }
        }
        return sum;
    }

    private int index(int n, int t) {
        if (n < 0 || n >= images() || t < 0 || t >= targets()) {
            throw new IndexOutOfBoundsException("explanation: map " + t + " of image " + n
                    + " was asked for; there are " + images() + " images with " + targets() + " maps each");
        }
        return n * targets() + t;
    }
}
