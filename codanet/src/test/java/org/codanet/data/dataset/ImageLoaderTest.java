package org.codanet.data.dataset;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.codanet.data.image.ImageSize;
import org.codanet.data.image.Pixels;
import org.codanet.data.transform.Resize;
import org.codanet.file.FileFormatException;
import org.junit.jupiter.api.Test;

class ImageLoaderTest {
    private static final int SIZE = 7;

    /** Pictures whose reads are counted. Images 0 and 4 cannot be read. */
    private static final class Pictures extends LabelledImages {
        private final AtomicIntegerArray reads = new AtomicIntegerArray(SIZE);
        private final boolean oneSize;

        Pictures(boolean oneSize) {
            super(
                    new ImageFacts("pictures", "seven pictures", List.of("a", "b"), 3, 0, 0),
                    new int[] {0, 1, 0, 1, 0, 1, 0});
            this.oneSize = oneSize;
        }

        @Override
        public int size() {
            return SIZE;
        }

        @Override
        public String imageName(int index) {
            return index + ".png";
        }

        @Override
        public ImageSize extents(int index) {
            return new ImageSize(oneSize ? 4 : 8 + index, 5);
        }

        @Override
        public Pixels read(int index) throws IOException {
            reads.incrementAndGet(index);
            if (index % 4 == 0) {
                throw new FileFormatException(imageName(index), "is damaged");
            }
            ImageSize size = extents(index);
            Pixels image = Pixels.black(3, size.height(), size.width());
            SplittableRandom random = new SplittableRandom(index);
            for (int i = 0; i < image.values().length; i++) {
                image.values()[i] = random.nextInt(256) / 255f;
            }
            return image;
        }

        void assertReadOnce() {
            for (int i = 0; i < SIZE; i++) {
                assertEquals(1, reads.get(i), "reads of image " + i);
            }
        }
    }

    private final List<String> leftOut = new ArrayList<>();

    private void leaveOut(IOException failure) {
        leftOut.add(failure.getMessage());
    }

    @Test
    void everyPictureIsDecodedOnceAndDamagedOnesAreLeftOut() throws IOException {
        Pictures pictures = new Pictures(true);
        ImageDataset loaded = ImageLoader.inBytes(pictures, 3, this::leaveOut);
        pictures.assertReadOnce();
        assertEquals(List.of("0.png: is damaged", "4.png: is damaged"), leftOut);
        assertEquals(5, loaded.size());
        assertTrue(loaded.isInBytes());
        assertEquals("seven pictures, without 2 that cannot be read", loaded.description());
        assertEquals(List.of("1.png", 1), List.of(loaded.imageName(0), loaded.label(0)));
        assertEquals(List.of("5.png", 1), List.of(loaded.imageName(3), loaded.label(3)));
        assertArrayEquals(pictures.read(5).values(), loaded.read(3).values());
        assertSame(loaded, ImageLoader.inBytes(loaded, 3, this::leaveOut));
    }

    /** The transform of training and evaluation resizes again, which must not change anything. */
    @Test
    void resizedPicturesInMemoryHaveTheSameBitsAsThoseReadFromTheirFiles() throws IOException {
        Pictures pictures = new Pictures(false);
        ImageDataset kept = ImageLoader.resized(pictures, 3, 2, 1 << 20, this::leaveOut);
        pictures.assertReadOnce();
        ImageDataset read = ImageLoader.resized(new Pictures(false), 3, 2, 100, this::leaveOut);
        assertEquals(4, leftOut.size(), "two of each");
        assertEquals(read.description(), kept.description());
        Resize resize = new Resize(3);
        for (int i = 0; i < kept.size(); i++) {
            assertEquals(read.imageName(i), kept.imageName(i));
            assertEquals(read.label(i), kept.label(i));
            Pixels expected = resize.apply(read.read(i), null);
            Pixels actual = resize.apply(kept.read(i), null);
            assertEquals(List.of(expected.height(), expected.width()), List.of(actual.height(), actual.width()));
            assertArrayEquals(expected.values(), actual.values());
            actual.values()[0] = 2;
            assertTrue(kept.read(i).values()[0] <= 1, "the caller owns the pixels");
        }
        pictures.assertReadOnce();
    }

    @Test
    void theFirstDamagedPictureStopsLoadingIfAskedFor() {
        String message = assertThrows(
                        FileFormatException.class,
                        () -> ImageLoader.inBytes(new Pictures(true), 1, ImageLoader.Unreadable.STOP))
                .getMessage();
        assertEquals("0.png: is damaged", message);
    }
}
