package org.codanet.data.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.codanet.data.dataset.Datasets;
import org.codanet.data.dataset.ImageDataset;
import org.codanet.data.dataset.MemoryImages;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.CentreCrop;
import org.codanet.data.transform.RandAugment;
import org.codanet.data.transform.RandomCrop;
import org.codanet.data.transform.RandomFlip;
import org.codanet.data.transform.Resize;
import org.codanet.data.transform.SeededRandom;
import org.codanet.data.transform.Transform;
import org.codanet.file.FileFormatException;
import org.codanet.nn.op.AugmentationOperation;
import org.codanet.nn.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class BatchesTest {
    /**
     * 23 images, because no batch size used here divides 23, except 1 and 23. Image i is 1 x 4 x 4, with the bytes 10 i + k, and of
     * class i % 3.
     */
    private static final int SIZE = 23;

    private static final Transform VARIED = Transform.sequence(List.of(new RandomCrop(4, 4, 2), new RandomFlip()));

    private static ImageDataset data() {
        byte[] pixels = new byte[SIZE * 16];
        int[] labels = new int[SIZE];
        for (int i = 0; i < SIZE; i++) {
            labels[i] = i % 3;
            for (int k = 0; k < 16; k++) {
                pixels[16 * i + k] = (byte) (10 * i + k);
            }
        }
        return MemoryImages.of("numbers", List.of("a", "b", "c"), 1, 4, 4, pixels, labels);
    }

    /** A copy of the content of a batch. */
    private record Seen(List<Integer> indices, List<Integer> labels, int pixelsHash, int stepsHash) {}

    private static List<Seen> all(BatchOptions options, int epoch, int first) throws IOException {
        List<Seen> seen = new ArrayList<>();
        try (Batches batches = Batches.open(data(), options, epoch, first)) {
            while (batches.hasNext()) {
                Batch batch = batches.next();
                seen.add(new Seen(
                        Arrays.stream(batch.indices()).boxed().toList(),
                        Arrays.stream(batch.labels()).boxed().toList(),
                        Arrays.hashCode(batch.images().values()),
                        Arrays.hashCode(batch.images().steps())));
            }
            assertThrows(NoSuchElementException.class, batches::next);
        }
        return seen;
    }

    @Test
    void unshuffledBatchesHoldTheImagesInOrder() throws IOException {
        try (Batches batches = Batches.open(data(), BatchOptions.evaluation(10, Transform.NONE, 2), 0, 0)) {
            assertEquals(3, batches.total());
            batches.next();
            Batch second = batches.next();
            assertEquals(10, second.indices()[0]);
            assertEquals(10 % 3, second.labels()[0]);
            assertEquals((10 * 11 + 5) / 255f, second.images().values()[16 + 5]); // image 11
            Batch last = batches.next();
            assertEquals(3, last.count());
            assertEquals(3 * 16, last.images().values().length);
            assertFalse(batches.hasNext());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 23, 100}) // the smallest, with a partial batch, exactly all images, more than all images
    void anEpochHoldsEveryImageOnce(int batchSize) throws IOException {
        List<Integer> indices = all(BatchOptions.training(batchSize, 5, VARIED, 3), 1, 0).stream()
                .flatMap(seen -> seen.indices().stream())
                .sorted()
                .toList();
        assertEquals(IntStream.range(0, SIZE).boxed().toList(), indices);
    }

    @Test
    void threadsChangeNothing() throws IOException {
        RandAugment drawn = new RandAugment(2, 10);
        List<Seen> one = all(BatchOptions.training(4, 5, VARIED, 1).withRandAugment(drawn), 2, 0);
        for (int run = 0; run < 20; run++) {
            assertEquals(one, all(BatchOptions.training(4, 5, VARIED, 7).withRandAugment(drawn), 2, 0));
        }
    }

    @Test
    void seedAndEpochChangeOrderAndVariations() throws IOException {
        List<Seen> seen = all(BatchOptions.training(SIZE, 5, VARIED, 2), 1, 0);
        assertNotEquals(
                seen.getFirst().indices(),
                all(BatchOptions.training(SIZE, 6, VARIED, 2), 1, 0).getFirst().indices());
        assertNotEquals(
                seen.getFirst().indices(),
                all(BatchOptions.training(SIZE, 5, VARIED, 2), 2, 0).getFirst().indices());
        BatchOptions unshuffled = new BatchOptions(SIZE, false, false, 5, VARIED, RandAugment.NONE, 2);
        assertNotEquals(
                all(unshuffled, 1, 0).getFirst().pixelsHash(),
                all(unshuffled, 2, 0).getFirst().pixelsHash());
    }

    @Test
    void startingInTheMiddleGivesTheRestOfTheEpoch() throws IOException {
        BatchOptions options = BatchOptions.training(4, 5, VARIED, 3);
        List<Seen> whole = all(options, 3, 0);
        for (int first = 0; first <= whole.size(); first++) {
            assertEquals(whole.subList(first, whole.size()), all(options, 3, first));
        }
        assertThrows(IllegalArgumentException.class, () -> Batches.open(data(), options, 3, 7));
    }

    /** Bytes with windows give the same values on the device as the transforms applied to the pixels. Only the way of reading differs. */
    @Test
    void bytesWithWindowsAreTheChangedPixels() throws IOException {
        ImageDataset inFloats = new Wrapped(data()) {};
        List<Transform> placements = List.of(
                Transform.NONE,
                new CentreCrop(3, 2),
                new RandomCrop(4, 4, 2),
                new RandomCrop(7, 5, 3),
                new RandomCrop(1, 2, 0),
                new RandomFlip(),
                Transform.sequence(List.of(new RandomFlip(), new RandomCrop(3, 2, 1))),
                Transform.sequence(List.of(new RandomFlip(), new RandomFlip())),
                VARIED);
        for (Transform transform : placements) {
            assertTrue(transform.isPlacement(), transform.toString());
            for (int epoch = 1; epoch < 20; epoch++) {
                BatchOptions options = BatchOptions.training(5, 3, transform, 2);
                try (Batches bytes = Batches.open(data(), options, epoch, 0);
                        Batches floats = Batches.open(inFloats, options, epoch, 0)) {
                    while (floats.hasNext()) {
                        RawImages expected = floats.next().images();
                        RawImages actual = bytes.next().images();
                        assertTrue(expected instanceof RawImages.Floats && actual instanceof RawImages.Bytes);
                        assertEquals(expected.shape(), actual.shape());
                        assertArrayEquals(expected.values(), actual.values(), transform + ", epoch " + epoch);
                        assertArrayEquals(
                                Arrays.copyOfRange(
                                        expected.values(),
                                        expected.values().length / expected.count(),
                                        expected.values().length / expected.count() * 2),
                                actual.part(1, 1).values());
                    }
                }
            }
        }
    }

    @Test
    void whatChangesValuesComesInFloats() throws IOException {
        List<Transform> others = List.of(
                new Resize(4),
                Transform.sequence(List.of(new CentreCrop(4, 4), new CentreCrop(2, 2))),
                Transform.sequence(List.of(new RandomFlip(), new Resize(4))));
        for (Transform transform : others) {
            assertFalse(transform.isPlacement());
            try (Batches batches = Batches.open(data(), BatchOptions.evaluation(4, transform, 1), 0, 0)) {
                assertTrue(batches.next().images() instanceof RawImages.Floats);
            }
        }
    }

    /** The steps are drawn from the image's own random numbers, after those of the transform, whether the images are bytes or floats. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void stepsAreDrawnAfterTheTransform(int operations) throws IOException {
        RandAugment randAugment = new RandAugment(operations, 20);
        int epoch = 4;
        for (Transform transform : List.of(Transform.NONE, VARIED, new Resize(4))) {
            BatchOptions options = BatchOptions.training(5, 3, transform, 2);
            List<Seen> without = all(options, epoch, 0);
            List<Seen> with = all(options.withRandAugment(randAugment), epoch, 0);
            for (int i = 0; i < with.size(); i++) {
                Seen expected = without.get(i);
                float[] steps = new float[expected.indices().size() * operations * AugmentationOperation.NUMBERS];
                int at = 0;
                for (int index : expected.indices()) {
                    SeededRandom random = new SeededRandom(3, epoch, index);
                    transform.apply(data().read(index), random);
                    for (AugmentationOperation step : randAugment.draw(4, 4, random)) {
                        step.write(steps, at);
                        at += AugmentationOperation.NUMBERS;
                    }
                }
                assertEquals(
                        new Seen(expected.indices(), expected.labels(), expected.pixelsHash(), Arrays.hashCode(steps)),
                        with.get(i),
                        transform.toString());
            }
        }
    }

    @Test
    void stepsGoWithTheirImages() throws IOException {
        RandAugment randAugment = new RandAugment(2, 20);
        for (Transform transform : List.of(VARIED, new Resize(4))) {
            BatchOptions options = BatchOptions.training(5, 3, transform, 2).withRandAugment(randAugment);
            try (Batches batches = Batches.open(data(), options, 1, 0)) {
                RawImages images = batches.next().images();
                assertEquals(transform == VARIED, images instanceof RawImages.Bytes);
                assertEquals(2, images.form().steps());
                assertTrue(
                        images.form().toString().endsWith(" in 2 steps"),
                        images.form().toString());
                RawImages part = images.part(1, 3);
                assertArrayEquals(
                        Arrays.copyOfRange(
                                images.steps(), 2 * AugmentationOperation.NUMBERS, 8 * AugmentationOperation.NUMBERS),
                        part.steps());
                assertEquals(2, part.form().steps());
            }
        }
    }

    @Test
    void whatIsNoStepIsRefusedInWords() {
        Shape shape = Shape.of(2, 1, 1, 1);
        float[] steps = new float[2 * AugmentationOperation.NUMBERS];
        assertEquals(1, new RawImages.Floats(new float[2], steps, shape).form().steps());
        steps[AugmentationOperation.NUMBERS] = 10;
        assertEquals(
                "image augmentation: there is no operation with the code 10.0; codes are 0 to 9",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new RawImages.Bytes(new byte[2], shape, null, steps, shape))
                        .getMessage());
        for (int length : new int[] {0, AugmentationOperation.NUMBERS, 2 * AugmentationOperation.NUMBERS + 1}) {
            assertEquals(
                    "images: " + length + " numbers are no steps (N, S, 7) of 2 images",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> new RawImages.Floats(new float[2], new float[length], shape))
                            .getMessage());
        }
    }

    @Test
    void greyAsColoursStaysInBytes() throws IOException {
        BatchOptions options = BatchOptions.training(4, 3, VARIED, 2);
        ImageDataset colours = Datasets.withChannels(data(), 3);
        try (Batches bytes = Batches.open(colours, options, 1, 0);
                Batches floats = Batches.open(Datasets.withChannels(new Wrapped(data()) {}, 3), options, 1, 0)) {
            RawImages actual = bytes.next().images();
            assertTrue(actual instanceof RawImages.Bytes);
            assertArrayEquals(floats.next().images().values(), actual.values());
        }
        assertFalse(Datasets.withChannels(colours, 1).isInBytes());
    }

    @Test
    void aPartialBatchIsDroppedOnRequest() throws IOException {
        assertEquals(
                5,
                all(new BatchOptions(4, true, true, 1, Transform.NONE, RandAugment.NONE, 2), 1, 0)
                        .size());
        assertThrows(
                IllegalArgumentException.class,
                () -> Batches.open(
                        data(), new BatchOptions(24, true, true, 1, Transform.NONE, RandAugment.NONE, 2), 1, 0));
    }

    @Test
    void anImageThatCannotBeReadIsNamedAfterTheBatchesBeforeIt() throws IOException {
        ImageDataset broken = new Wrapped(data()) {
            @Override
            public Pixels read(int index) throws IOException {
                if (index == 9) {
                    throw new FileFormatException("nine.jpg", "is cut short");
                }
                return super.read(index);
            }
        };
        try (Batches batches = Batches.open(broken, BatchOptions.evaluation(4, Transform.NONE, 4), 0, 0)) {
            batches.next();
            assertEquals(4, batches.next().indices()[0]);
            assertEquals(
                    "nine.jpg: is cut short",
                    assertThrows(FileFormatException.class, batches::next).getMessage());
        }
    }

    @Test
    void anImageOfAnotherSizeOrTooSmallIsNamed() throws IOException {
        ImageDataset uneven = new Wrapped(data()) {
            @Override
            public Pixels read(int index) throws IOException {
                return index == 2 ? new Pixels(1, 2, 4, new float[8]) : super.read(index);
            }
        };
        try (Batches batches = Batches.open(uneven, BatchOptions.evaluation(4, Transform.NONE, 2), 0, 0)) {
            String message =
                    assertThrows(FileFormatException.class, batches::next).getMessage();
            assertEquals(
                    "numbers, image 2: is 4 x 2 pixels, others are 4 x 4; resize and crop make them equal", message);
        }
        try (Batches batches = Batches.open(uneven, BatchOptions.evaluation(4, new CentreCrop(3, 3), 2), 0, 0)) {
            String message =
                    assertThrows(FileFormatException.class, batches::next).getMessage();
            assertTrue(message.startsWith("numbers, image 2: is 4 x 2 pixels, too small"), message);
        }
    }

    @Test
    void readingStaysAheadButBounded() throws Exception {
        AtomicInteger reads = new AtomicInteger();
        ImageDataset counted = new Wrapped(data()) {
            @Override
            public Pixels read(int index) throws IOException {
                reads.incrementAndGet();
                return super.read(index);
            }
        };
        try (Batches batches = Batches.open(counted, BatchOptions.evaluation(1, Transform.NONE, 2), 0, 0)) {
            // Four buffers of one image each, and the first image, which determines the extents.
            for (int wait = 0; wait < 500 && reads.get() < 5; wait++) {
                Thread.sleep(10);
            }
            Thread.sleep(50); // enough time for an unbounded reader to read on
            assertEquals(5, reads.get());
            batches.next();
            batches.next(); // returns one buffer
            for (int wait = 0; wait < 500 && reads.get() < 6; wait++) {
                Thread.sleep(10);
            }
            assertEquals(6, reads.get());
        }
    }

    @Test
    void closeEndsTheThreadsInTheMiddleOfAnEpoch() throws IOException {
        int before = threads();
        Batches batches = Batches.open(data(), BatchOptions.training(1, 1, VARIED, 3), 1, 0);
        batches.next();
        batches.close();
        batches.close();
        assertEquals(before, threads());
        assertThrows(IllegalStateException.class, batches::next);
        assertFalse(batches.hasNext());
    }

    private static int threads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("codanet-data"))
                .count();
    }

    @Test
    void theSameNumbersComeInEveryVersionOfJava() {
        // The values are those of an independent SplitMix64 with the same start value. If they change, old runs cannot
        // be resumed.
        SeededRandom random = new SeededRandom(1, 2, 3);
        long[] first = {random.nextLong(), random.nextLong()};
        assertArrayEquals(new long[] {6694809129887813358L, 5033103262478733940L}, first);
    }

    /** A data set that a test overrides in one respect. */
    private abstract static class Wrapped implements ImageDataset {
        private final ImageDataset inner;

        Wrapped(ImageDataset inner) {
            this.inner = inner;
        }

        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public String description() {
            return inner.description();
        }

        @Override
        public int size() {
            return inner.size();
        }

        @Override
        public int channels() {
            return inner.channels();
        }

        @Override
        public int height() {
            return 0;
        }

        @Override
        public int width() {
            return 0;
        }

        @Override
        public List<String> classNames() {
            return inner.classNames();
        }

        @Override
        public int label(int index) {
            return inner.label(index);
        }

        @Override
        public String imageName(int index) {
            return inner.imageName(index);
        }

        @Override
        public Pixels read(int index) throws IOException {
            return inner.read(index);
        }
    }
}
