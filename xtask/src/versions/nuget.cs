using System;
using System.Reflection;

// NuGetVersion out of nuget.exe, whose classes are not for others to link with.
public static class Program
{
    static Type Find(Assembly assembly)
    {
        Type[] types;
        try { types = assembly.GetTypes(); }
        catch (ReflectionTypeLoadException some) { types = some.Types; }
        return Array.Find(types, type => type != null && type.FullName == "NuGet.Versioning.NuGetVersion");
    }

    public static void Main(string[] arguments)
    {
        Assembly assembly = Assembly.LoadFrom(arguments[0]);
        if (arguments.Length > 1)
        {
            Console.WriteLine("NuGet " + assembly.GetName().Version);
            return;
        }
        MethodInfo parse = Find(assembly).GetMethod("TryParse", BindingFlags.Public | BindingFlags.Static);
        for (string line; (line = Console.In.ReadLine()) != null;)
        {
            string[] pair = line.Split('\t');
            object a = Read(parse, pair[0]), b = Read(parse, pair[1]);
            int order = a == null || b == null ? 0 : ((IComparable)a).CompareTo(b);
            Console.WriteLine(a == null || b == null ? "?" : order < 0 ? "<" : order > 0 ? ">" : "=");
        }
    }

    static object Read(MethodInfo parse, string text)
    {
        object[] arguments = { text, null };
        return (bool)parse.Invoke(null, arguments) ? arguments[1] : null;
    }
}
