package org.codanet.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.codanet.nn.device.Device;
import org.codanet.nn.tensor.Scope;
import org.codanet.nn.tensor.Shape;
import org.codanet.testing.TestDevices;
import org.junit.jupiter.api.Test;

final class BufferLayoutTest {
    private static final BufferLayout LAYOUT = BufferLayout.builder()
            .add("loss", Shape.of(1))
            .add("logits", Shape.of(2, 3))
            .add("map", Shape.of(2, 2))
            .build();

    @Test
    void buffersLieOneAfterTheOther() {
        assertEquals(11, LAYOUT.elements());
        assertEquals(Shape.of(2, 3), LAYOUT.shape("logits"));
        assertEquals(0, BufferLayout.EMPTY.elements());
    }

    @Test
    void eachBufferIsSetAndReadByItsName() {
        HostBuffers buffers = new HostBuffers(LAYOUT);
        buffers.set("logits", new float[] {1, 2, 3, 4, 5, 6});
        buffers.set("loss", new float[] {7});
        assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, buffers.get("logits"));
        assertArrayEquals(new float[] {7}, buffers.get("loss"));
        assertArrayEquals(new float[4], buffers.get("map"));
        float[] some = new float[3];
        buffers.copy("logits", 4, some, 1, 2);
        assertArrayEquals(new float[] {0, 5, 6}, some);
    }

    @Test
    void aRoundTripThroughADeviceKeepsEveryBuffer() {
        try (Device device = TestDevices.open(TestDevices.REFERENCE);
                Scope scope = Scope.open("test")) {
            DeviceBuffers onDevice = new DeviceBuffers(LAYOUT, device, scope);
            HostBuffers buffers = new HostBuffers(LAYOUT);
            buffers.set("map", new float[] {1, 2, 3, 4});
            onDevice.upload(buffers);
            assertEquals(Shape.of(2, 2), onDevice.get("map").shape());
            device.elementwise().fill(onDevice.get("loss"), 5);
            HostBuffers back = onDevice.download();
            assertArrayEquals(new float[] {1, 2, 3, 4}, back.get("map"));
            assertArrayEquals(new float[] {5}, back.get("loss"));
            assertArrayEquals(new float[6], back.get("logits"));
            DeviceBuffers none = new DeviceBuffers(BufferLayout.EMPTY, device, scope);
            none.upload(new HostBuffers(BufferLayout.EMPTY));
            assertEquals(0, none.download().layout().elements());
        }
    }

    @Test
    void mistakesAreRefusedWithTheNamesOfTheBuffers() {
        HostBuffers buffers = new HostBuffers(LAYOUT);
        refused("there is no 'maps' among [loss, logits, map]", () -> buffers.get("maps"));
        refused("'logits' is (2, 3), given are 5 values", () -> buffers.set("logits", new float[5]));
        refused(
                "two with the name 'a'",
                () -> BufferLayout.builder().add("a", Shape.of(1)).add("a", Shape.of(2)));
        BufferLayout.Builder large = BufferLayout.builder().add("half", Shape.of(1 << 30));
        refused(
                "with (1048576, 1024) for 'other' a pass has more values than one array can have",
                () -> large.add("other", Shape.of(1 << 20, 1 << 10)));
        assertThrows(IndexOutOfBoundsException.class, () -> buffers.copy("loss", 0, new float[9], 0, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> buffers.copy("map", -1, new float[9], 0, 1));
    }

    private static void refused(String words, Runnable call) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.contains(words), message);
    }
}
