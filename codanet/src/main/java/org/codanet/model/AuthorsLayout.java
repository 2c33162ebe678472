package org.codanet.model;

/**
 * Converts weights between the order of the authors' files and the order in memory. No value changes.
 *
 * <p>A layer reads C channels through k x k patches into r and then O units per patch element. In a file, as in the authors'
 * PyTorch modules: A is (r, C, k, k); B is (C k k O, r, 1, 1), row (c k k + y k + x) O + o for channel c, patch row y, patch
 * column x and unit o; b is (C k k O) in the order of B's rows. In memory: A is (k, k, C, r), B is (k, k, C, r, O) and b is
 * (k, k, C, O). All are row-major.
 */
public final class AuthorsLayout {
    private AuthorsLayout() {}

    /** {@return the authors' name of A of a layer, counted from 0} */
    public static String keyOfA(int layer) {
        return layer + ".weight_mod.weighting_f.0.weight";
    }

    /** {@return the authors' name of B of a layer, counted from 0} */
    public static String keyOfB(int layer) {
        return layer + ".weight_mod.weighting_f.1.weight";
    }

    /** {@return the authors' name of b of a layer, counted from 0} */
    public static String keyOfBias(int layer) {
        return layer + ".weight_mod.weighting_f.1.bias";
    }

    /**
     * {@return A in memory order (k, k, C, r)}
     *
     * @param layer the extents
     * @param file (r, C, k, k)
     */
    public static float[] aFromFile(LayerConfig layer, float[] file) {
        return permuteA(layer, file, true);
    }

    /**
     * {@return A in file order (r, C, k, k)}
     *
     * @param layer the extents
     * @param memory (k, k, C, r)
     */
    public static float[] aToFile(LayerConfig layer, float[] memory) {
        return permuteA(layer, memory, false);
    }

    /**
     * {@return B in memory order (k, k, C, r, O)}
     *
     * @param layer the extents
     * @param file (C k k O, r)
     */
    public static float[] bFromFile(LayerConfig layer, float[] file) {
        return permuteB(layer, file, true);
    }

    /**
     * {@return B in file order (C k k O, r)}
     *
     * @param layer the extents
     * @param memory (k, k, C, r, O)
     */
    public static float[] bToFile(LayerConfig layer, float[] memory) {
        return permuteB(layer, memory, false);
    }

    /**
     * {@return b in memory order (k, k, C, O)}
     *
     * @param layer the extents
     * @param file (C k k O)
     */
    public static float[] biasFromFile(LayerConfig layer, float[] file) {
        return permuteBias(layer, file, true);
    }

    /**
     * {@return b in file order (C k k O)}
     *
     * @param layer the extents
     * @param memory (k, k, C, O)
     */
    public static float[] biasToFile(LayerConfig layer, float[] memory) {
        return permuteBias(layer, memory, false);
    }

    private static float[] permuteA(LayerConfig layer, float[] source, boolean fromFile) {
        int positions = layer.kernel() * layer.kernel();
        float[] result = new float[checked("A", layer, source, layer.patch() * layer.rank())];
        for (int r = 0; r < layer.rank(); r++) {
            for (int c = 0; c < layer.inChannels(); c++) {
                for (int yx = 0; yx < positions; yx++) {
                    int inFile = (r * layer.inChannels() + c) * positions + yx;
                    int inMemory = (yx * layer.inChannels() + c) * layer.rank() + r;
                    result[fromFile ? inMemory : inFile] = source[fromFile ? inFile : inMemory];
                }
            }
        }
        return result;
    }

    private static float[] permuteB(LayerConfig layer, float[] source, boolean fromFile) {
        int positions = layer.kernel() * layer.kernel();
        int units = layer.outChannels();
        float[] result = new float[checked("B", layer, source, layer.patch() * units * layer.rank())];
        for (int c = 0; c < layer.inChannels(); c++) {
            for (int yx = 0; yx < positions; yx++) {
                int fileBlock = (c * positions + yx) * units * layer.rank();
                int memoryBlock = (yx * layer.inChannels() + c) * layer.rank() * units;
                for (int o = 0; o < units; o++) {
                    for (int r = 0; r < layer.rank(); r++) {
                        int inFile = fileBlock + o * layer.rank() + r;
                        int inMemory = memoryBlock + r * units + o;
                        result[fromFile ? inMemory : inFile] = source[fromFile ? inFile : inMemory];
                    }
                }
            }
        }
        return result;
    }

    private static float[] permuteBias(LayerConfig layer, float[] source, boolean fromFile) {
        int positions = layer.kernel() * layer.kernel();
        int units = layer.outChannels();
        float[] result = new float[checked("b", layer, source, layer.patch() * units)];
        for (int c = 0; c < layer.inChannels(); c++) {
            for (int yx = 0; yx < positions; yx++) {
                int inFile = (c * positions + yx) * units;
                int inMemory = (yx * layer.inChannels() + c) * units;
                System.arraycopy(source, fromFile ? inFile : inMemory, result, fromFile ? inMemory : inFile, units);
            }
        }
        return result;
    }

    private static int checked(String name, LayerConfig layer, float[] source, int wanted) {
        if (source.length != wanted) {
            throw new IllegalArgumentException(
                    name + " has " + source.length + " values, " + layer + " takes " + wanted);
        }
        return wanted;
    }
}
