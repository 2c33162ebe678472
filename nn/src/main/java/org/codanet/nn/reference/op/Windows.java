package org.codanet.nn.reference.op;

import org.codanet.nn.tensor.Shape;

/**
 * im2col and col2im, one patch at a time. Patch entries are ordered (ky, kx, c), as the rows of the weights are. Entries outside the
 * image are zero.
 */
public record Windows(
        int images,
        int height,
        int width,
        int channels,
        int kernel,
        int stride,
        int padding,
        int outHeight,
        int outWidth) {
    public static Windows of(Shape input, Shape output, int kernel, int stride, int padding) {
        return new Windows(
                input.extent(0),
                input.extent(1),
                input.extent(2),
                input.extent(3),
                kernel,
                stride,
                padding,
                output.extent(1),
                output.extent(2));
    }

    /** Entries of a patch. */
    int patch() {
        return kernel * kernel * channels;
    }

    /** Patches of all images. */
    public int positions() {
        return images * outHeight * outWidth;
    }

    /** Index of a position's image. Positions are numbered in the order (n, oy, ox). */
    public int image(int position) {
        return position / (outHeight * outWidth);
    }

    /** Index in x of patch entry {@code i} at a position; negative outside the image. */
    private int index(int position, int i) {
        int ox = position % outWidth;
        int oy = position / outWidth % outHeight;
        int c = i % channels;
        int kx = i / channels % kernel;
        int ky = i / channels / kernel;
        int ix = ox * stride - padding + kx;
        int iy = oy * stride - padding + ky;
        if (ix < 0 || ix >= width || iy < 0 || iy >= height) {
            return -1;
        }
        return ((image(position) * height + iy) * width + ix) * channels + c;
    }

    /** The patch of {@code x} (N, H, W, C) at a position. */
    public double[] im2col(double[] x, int position) {
        double[] patch = new double[patch()];
        for (int i = 0; i < patch.length; i++) {
            int index = index(position, i);
            patch[i] = index < 0 ? 0 : x[index];
        }
        return patch;
    }

    /** Adds the entries of a patch to the elements of {@code x} that {@link #im2col} read them from. */
    public void col2im(double[] patch, int position, double[] x) {
        for (int i = 0; i < patch.length; i++) {
            int index = index(position, i);
            if (index >= 0) {
                x[index] += patch[i];
            }
        }
    }
}
