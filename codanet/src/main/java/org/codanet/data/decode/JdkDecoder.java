package org.codanet.data.decode;

import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.function.Consumer;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decompresses pictures with the JDK's decoders, without any conversion of colours. */
final class JdkDecoder {
    private JdkDecoder() {}

    /**
     * {@return the samples as stored: for each pixel one sample per component}
     *
     * @param bytes a file without colour profile and metadata
     * @param warnings receives the warnings of the decoder about damage that it tolerates
     */
    static Raster samples(PictureFormat format, byte[] bytes, Consumer<String> warnings) throws IOException {
        ImageReader reader = reader(format.name());
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            reader.addIIOReadWarningListener((source, warning) -> warnings.accept(warning));
            return reader.canReadRaster()
                    ? reader.readRaster(0, null)
                    : reader.read(0).getRaster();
        } finally {
            reader.dispose();
        }
    }

    /** Returns the JDK's own decoder, because a plug-in on the application's path might convert colours. */
    private static ImageReader reader(String format) throws IIOException {
        Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(format);
        while (readers.hasNext()) {
            ImageReader reader = readers.next();
            if (reader.getClass().getModule() == ImageIO.class.getModule()) {
                return reader;
            }
        }
        throw new IIOException("this Java runtime has no decoder for " + format);
    }

    /**
     * {@return samples of at most 8 bits as bytes, in the order row, pixel, component}
     *
     * <p>If the raster already holds them in this order, its own array is returned, not a copy.
     */
    static byte[] bytes(Raster raster) {
        int bands = raster.getNumBands();
        int width = raster.getWidth();
        int height = raster.getHeight();
        if (raster.getDataBuffer() instanceof DataBufferByte buffer
                && raster.getSampleModel() instanceof PixelInterleavedSampleModel model
                && buffer.getNumBanks() == 1
                && buffer.getOffset() == 0
                && buffer.getSize() == bands * width * height
                && model.getPixelStride() == bands
                && model.getScanlineStride() == bands * width
                && isInOrder(model.getBandOffsets())) {
            return buffer.getData();
        }
        byte[] result = new byte[bands * width * height];
        int[] row = new int[bands * width];
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int i = 0; i < row.length; i++) {
                result[y * row.length + i] = (byte) row[i];
            }
        }
        return result;
    }

    private static boolean isInOrder(int[] bandOffsets) {
        for (int i = 0; i < bandOffsets.length; i++) {
            if (bandOffsets[i] != i) {
                return false;
            }
        }
        return true;
    }
}
