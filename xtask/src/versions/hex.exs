# Elixir's Version.
if System.argv() == ["version"] do
  IO.puts("Elixir #{System.version()}")
else
  for line <- IO.stream(:stdio, :line) do
    [a, b] = line |> String.trim_trailing("\n") |> String.split("\t")

    case {Version.parse(a), Version.parse(b)} do
      {{:ok, a}, {:ok, b}} -> IO.puts(Map.fetch!(%{lt: "<", eq: "=", gt: ">"}, Version.compare(a, b)))
      _ -> IO.puts("?")
    end
  end
end
