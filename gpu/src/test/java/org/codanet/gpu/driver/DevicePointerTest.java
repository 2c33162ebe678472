package org.codanet.gpu.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Tests that slices of device memory are bounds-checked when they are created. */
final class DevicePointerTest {
    private final DevicePointer range = new DevicePointer(4096, 40);

    @Nested
    final class APartOfARange {
        @Test
        void beginsAtItsOffset() {
            assertEquals(new DevicePointer(4104, 12), range.slice(8, 12));
            assertEquals(new DevicePointer(4104, 12), range.floats(2, 3));
            assertEquals(new DevicePointer(4104, 32), range.floatsFrom(2));
            assertEquals(new DevicePointer(4136, 0), range.from(40));
        }

        @Test
        void mayNotReachBeyondTheEnd() {
            assertThrows(IndexOutOfBoundsException.class, () -> range.slice(8, 33));
            assertThrows(IndexOutOfBoundsException.class, () -> range.floats(0, 11));
            assertThrows(IndexOutOfBoundsException.class, () -> range.from(41));
        }

        @Test
        void mayNotBeginBeforeTheRange() {
            assertThrows(IndexOutOfBoundsException.class, () -> range.from(-4));
        }

        @Test
        void doesNotWrapAround() {
            assertThrows(ArithmeticException.class, () -> range.floatsFrom(1L << 62));
            assertThrows(IndexOutOfBoundsException.class, () -> range.slice(8, Long.MAX_VALUE));
        }
    }

    @Nested
    final class TheNullPointer {
        @Test
        void isTheOnlyOneAtAddressZero() {
            assertTrue(DevicePointer.NULL.isNull());
            assertFalse(range.isNull());
            assertThrows(IllegalArgumentException.class, () -> new DevicePointer(0, 4));
        }

        @Test
        void hasNoPart() {
            assertThrows(IndexOutOfBoundsException.class, () -> DevicePointer.NULL.from(0));
        }
    }

    @Test
    void aRangeThatIsTooShortIsRefusedWithBothSizes() {
        assertEquals(range, range.require(40, "weights"));
        assertEquals(
                "weights: 44 bytes are needed, the range has 40",
                assertThrows(IllegalArgumentException.class, () -> range.require(44, "weights"))
                        .getMessage());
    }

    @Nested
    final class ALayout {
        @Test
        void measuresWhatItCuts() {
            BufferLayout measured = BufferLayout.measuring(16);
            measured.floats(3);
            measured.floats(4);
            assertEquals(32, measured.bytes());
            BufferLayout cut = BufferLayout.of(range, 16);
            assertEquals(new DevicePointer(4096, 12), cut.floats(3));
            assertEquals(new DevicePointer(4112, 16), cut.floats(4));
            assertEquals(32, cut.bytes());
        }

        @Test
        void refusesABufferThatDoesNotFit() {
            BufferLayout cut = BufferLayout.of(range, 16);
            cut.floats(3);
            assertThrows(IndexOutOfBoundsException.class, () -> cut.floats(7));
        }
    }
}
