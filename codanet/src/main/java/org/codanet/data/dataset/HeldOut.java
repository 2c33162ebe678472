package org.codanet.data.dataset;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.SeededRandom;
import org.codanet.file.FileFormatException;

/**
 * Splits one data set into training and test images, at random by a seed.
 *
 * <p>Each class is split separately, so that both parts have the same class proportions. The same images, share and seed give the
 * same parts on every machine. Both parts keep the order of the data set.
 *
 * @param training the images to learn from
 * @param test the images that are held out
 */
public record HeldOut(ImageDataset training, ImageDataset test) {
    /**
     * {@return the training images and the test images}
     *
     * @param data labelled images
     * @param share the share of each class that is held out, above 0 and below 1; it is rounded to whole images, but at least one
     *     image of each class with two or more images is held out, and at least one is not
     * @param seed the seed that decides which images are held out
     * @throws FileFormatException if the images have no labels, or no class has two images
     * @throws IllegalArgumentException if the share is not between 0 and 1
     */
    public static HeldOut split(ImageDataset data, double share, long seed) throws FileFormatException {
        if (!(share > 0 && share < 1)) {
            throw new IllegalArgumentException("the share of held-out images is " + share + ", not between 0 and 1");
        }
        if (data.classNames().isEmpty()) {
            throw new FileFormatException(data.name(), "the images have no labels");
        }
        boolean[] isTest = new boolean[data.size()];
        for (int k = 0; k < data.classNames().size(); k++) {
            chooseOfClass(data, k, share, new SeededRandom(seed, k, 0), isTest);
        }
        int[] training = indices(isTest, false);
        int[] test = indices(isTest, true);
        if (test.length == 0) {
            throw new FileFormatException(data.name(), "no class has two images, so none can be held out");
        }
        return new HeldOut(new Part(data, training, "training", seed), new Part(data, test, "held-out", seed));
    }

    private static void chooseOfClass(
            ImageDataset data, int label, double share, SeededRandom random, boolean[] isTest) {
        List<Integer> images = new ArrayList<>();
        for (int i = 0; i < data.size(); i++) {
            if (data.label(i) == label) {
                images.add(i);
            }
        }
        if (images.size() < 2) {
            return;
        }
        long wanted = Math.clamp(Math.round(share * images.size()), 1, images.size() - 1);
        for (int i = 0; i < wanted; i++) {
            int j = i + random.nextInt(images.size() - i);
            int chosen = images.get(j);
            images.set(j, images.get(i));
            isTest[chosen] = true;
        }
    }

    private static int[] indices(boolean[] isTest, boolean wanted) {
        int[] indices = new int[isTest.length];
        int count = 0;
        for (int i = 0; i < isTest.length; i++) {
            if (isTest[i] == wanted) {
                indices[count++] = i;
            }
        }
        return Arrays.copyOf(indices, count);
    }

    /** Some images of a data set, renumbered from 0. */
    private static final class Part extends ForwardingImages {
        private final int[] indices;
        private final String what;
        private final long seed;

        Part(ImageDataset data, int[] indices, String what, long seed) {
            super(data);
            this.indices = indices;
            this.what = what;
            this.seed = seed;
        }

        private int index(int index) {
            if (index < 0 || index >= indices.length) {
                throw new IndexOutOfBoundsException(name() + ": image " + index + " was asked for; there are "
                        + indices.length + ", counted from 0");
            }
            return indices[index];
        }

        @Override
        public String description() {
            return String.format(
                    Locale.ROOT,
                    "%s; %,d of them are %s images, split by seed %d",
                    data().description(),
                    indices.length,
                    what,
                    seed);
        }

        @Override
        public int size() {
            return indices.length;
        }

        @Override
        public int label(int index) {
            return data().label(index(index));
        }

        @Override
        public String imageName(int index) {
            return data().imageName(index(index));
        }

        @Override
        public ImageSize extents(int index) throws IOException {
            return data().extents(index(index));
        }

        @Override
        public Pixels read(int index) throws IOException {
            return data().read(index(index));
        }

        @Override
        public void copyBytes(int index, byte[] to, int at) {
            data().copyBytes(index(index), to, at);
        }
    }
}
