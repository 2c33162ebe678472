package org.codanet.run;

import java.util.List;
import java.util.Locale;
import org.codanet.model.Network;
import org.codanet.nn.counting.CountingDevice;
import org.codanet.nn.device.ByteCount;

/**
 * The peak native memory of a pass, computed before the pass runs. The code of the pass runs on a {@link CountingDevice}, which documents
 * what it does not count.
 *
 * @param lines bytes by purpose, at the moment of the peak
 */
public record MemoryPlan(List<Line> lines) {
    /** Keeps a copy of the lines. */
    public MemoryPlan {
        lines = List.copyOf(lines);
    }

    /**
     * One entry of the sum.
     *
     * @param name what holds the bytes
     * @param bytes how many
     */
    public record Line(String name, long bytes) {}

    /** The plan of one pass of a network. @throws IllegalArgumentException if the images do not fit the network */
    public static MemoryPlan of(Network net, PassDefinition pass) {
        return new MemoryPlan(PassCounter.of(net).lines(pass));
    }

    /** Bytes at the peak. */
    public long totalBytes() {
        return lines.stream().mapToLong(Line::bytes).sum();
    }

    /**
     * The largest number of images, up to {@code atMost}, that a pass can have within a budget. 1/32 of the budget is reserved for memory
     * that plans do not count, unless not even one image would fit then.
     *
     * @param pass the pass; its number of images is ignored
     * @param budgetBytes the memory budget in bytes; 0 for no limit
     * @throws IllegalArgumentException if not even one image fits
     */
    public static int largestBatch(Network net, PassDefinition pass, long budgetBytes, int atMost) {
        if (budgetBytes == 0) {
            return atMost;
        }
        int fits = imagesWithin(net, pass, budgetBytes - budgetBytes / 32, atMost);
        if (fits > 0) {
            return fits;
        }
        long one = of(net, pass.withImages(1)).totalBytes();
        if (one > budgetBytes) {
            throw new IllegalArgumentException("memory: " + ByteCount.text(budgetBytes)
                    + " do not hold one image at a time, which takes " + ByteCount.text(one) + " for "
                    + pass.purpose().name().toLowerCase(Locale.ROOT));
        }
        return 1;
    }

    /**
     * The largest number of images, up to {@code atMost}, for which the plan of a pass takes at most {@code bytes}; 0 if one image takes
     * more.
     *
     * @param pass the pass; its number of images is ignored
     */
    public static int imagesWithin(Network net, PassDefinition pass, long bytes, int atMost) {
        if (of(net, pass.withImages(atMost)).totalBytes() <= bytes) {
            return atMost;
        }
        int fits = 0;
        int tooMany = atMost;
        while (tooMany - fits > 1) {
            int middle = (fits + tooMany) >>> 1;
            if (of(net, pass.withImages(middle)).totalBytes() <= bytes) {
                fits = middle;
            } else {
                tooMany = middle;
            }
        }
        return fits;
    }
}
